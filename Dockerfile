# syntax=docker/dockerfile:1
# One image for every role: the command line, the simulator, the ledger's migrations.

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
# The caches outlive the layer, so a changed line of ours does not rebuild the dependencies.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --profile dist --locked --package bursar \
    && cp target/dist/bursar /usr/local/bin/bursar

FROM debian:bookworm-slim
# The roots that the AWS endpoints' certificates are checked against.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/bursar bursar
COPY --from=build /usr/local/bin/bursar /usr/local/bin/bursar
USER bursar
WORKDIR /var/lib/bursar
# A SQLite ledger lives here unless BURSAR_LEDGER says otherwise: mount a volume on it.
VOLUME /var/lib/bursar
ENTRYPOINT ["bursar"]
CMD ["--help"]
