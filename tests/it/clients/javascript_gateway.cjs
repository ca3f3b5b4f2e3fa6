// The AWS SDK for JavaScript at the gateway, unchanged but for its URL and its key: over HTTP/2 with
// prior knowledge and over TLS, by signature and by bearer. Right after the head of each stream it
// says that it goes away; its events have to come all the same.
//
// Usage: javascript_gateway.cjs URL KEY SPENT_KEY ID SECRET SPENT_ID SPENT_SECRET TLS_URL, with
// NODE_EXTRA_CA_CERTS. Says each check that held, and for every answer a line
// `call: {"id", "input", "output"}`. Exits 0 when every check held.
"use strict";

const assert = require("node:assert/strict");
const bedrock = require("@aws-sdk/client-bedrock-runtime");

const [url, key, spentKey, id, secret, spentId, spentSecret, tlsUrl] = process.argv.slice(2);
const NOVA = "amazon.nova-lite-v1:0";
const BASE = "anthropic.claude-haiku-4-5-20251001-v1:0";
const HAIKU = `us.${BASE}`;
const PROFILE = `arn:aws:bedrock:us-east-1:123456789012:inference-profile/${HAIKU}`;
const MESSAGES = [{ role: "user", content: [{ text: "hello" }] }];
const CLAUDE = JSON.stringify({
  anthropic_version: "bedrock-2023-05-31",
  max_tokens: 64,
  messages: [{ role: "user", content: "hello" }],
});

const signing = (endpoint) => (spent) => ({
  endpoint,
  credentials: spent
    ? { accessKeyId: spentId, secretAccessKey: spentSecret }
    : { accessKeyId: id, secretAccessKey: secret },
});
const bearing = (endpoint) => (spent) => ({
  endpoint,
  token: { token: spent ? spentKey : key },
  authSchemePreference: ["httpBearerAuth"],
});
const WAYS = {
  "signed over h2c": signing(url),
  "bearer over h2c": bearing(url),
  "signed over tls": signing(tlsUrl),
  "bearer over tls": bearing(tlsUrl),
};

// A client of a way, and how often it has asked.
function connect(way, { spent = false, ...more } = {}) {
  const client = new bedrock.BedrockRuntimeClient({ region: "us-east-1", ...way(spent), ...more });
  const asked = { times: 0 };
  client.middlewareStack.add(
    (next) => (request) => {
      asked.times += 1;
      return next(request);
    },
    { step: "finalizeRequest", priority: "low" },
  );
  return { client, asked };
}

// The gateway's own headers are kept where the SDK would drop them.
function heard(client) {
  const heads = [];
  client.middlewareStack.add(
    (next) => async (request) => {
      const result = await next(request);
      heads.push(result.response.headers);
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
  return heads;
}

const tell = (headers, input, output) =>
  console.log(`call: ${JSON.stringify({ id: headers["x-bursar-call-id"], input, output })}`);

const asked = (words = "gap-ms=0", modelId = NOVA) => ({
  modelId,
  messages: MESSAGES,
  requestMetadata: { "bursar-sim": words },
});
const body = () => ({ modelId: HAIKU, body: CLAUDE, contentType: "application/json" });

async function plain(way) {
  const { client } = connect(way);
  const heads = heard(client);
  const words = "input=374 output=44 cache-read=7";
  const { usage } = await client.send(new bedrock.ConverseCommand(asked(words)));
  tell(heads[0], usage.inputTokens + usage.cacheReadInputTokens, usage.outputTokens);
  assert.ok(Number(heads[0]["x-bursar-cost"]) > 0);
  const reply = await client.send(new bedrock.InvokeModelCommand(body()));
  const said = JSON.parse(Buffer.from(reply.body).toString()).usage;
  tell(heads[1], said.input_tokens, said.output_tokens);
  const arn = await client.send(new bedrock.ConverseCommand(asked("gap-ms=0", PROFILE)));
  tell(heads[2], arn.usage.inputTokens, arn.usage.outputTokens);
}

async function streamed(way) {
  const { client } = connect(way);
  const heads = heard(client);
  for (const words of ["input=12 output=300", "input=12 output=40 gap-ms=20"]) {
    const reply = await client.send(new bedrock.ConverseStreamCommand(asked(words)));
    let [text, usage] = ["", null];
    for await (const event of reply.stream) {
      text += event.contentBlockDelta?.delta.text ?? "";
      usage = event.metadata?.usage ?? usage;
    }
    assert.ok(text.length > 40, text);
    tell(heads.at(-1), usage.inputTokens, usage.outputTokens);
  }
  const reply = await client.send(new bedrock.InvokeModelWithResponseStreamCommand(body()));
  let last;
  for await (const event of reply.body) {
    last = JSON.parse(Buffer.from(event.chunk.bytes).toString());
  }
  const metrics = last["amazon-bedrock-invocationMetrics"];
  tell(heads.at(-1), metrics.inputTokenCount, metrics.outputTokenCount);
}

async function manyAtOnce(way) {
  const { client } = connect(way);
  const heads = heard(client);
  const one = async () => {
    const reply = await client.send(new bedrock.ConverseStreamCommand(asked("output=60 gap-ms=1")));
    let events = 0;
    for await (const _ of reply.stream) events += 1;
    return events;
  };
  const counts = await Promise.all(Array.from({ length: 20 }, one));
  assert.ok(counts.every((count) => count > 5), counts.join());
  assert.equal(new Set(heads.map((head) => head["x-bursar-call-id"])).size, 20);
}

async function counted(way) {
  const { client } = connect(way);
  const input = { converse: { messages: MESSAGES } };
  const reply = await client.send(new bedrock.CountTokensCommand({ modelId: BASE, input }));
  assert.ok(reply.inputTokens > 0);
}

async function errors(way) {
  const { client } = connect(way, { maxAttempts: 1 });
  for (const [fault, name, status] of [
    ["throttle", "ThrottlingException", 429],
    ["access-denied", "AccessDeniedException", 403],
    ["validation", "ValidationException", 400],
    ["model-error", "ModelErrorException", 424],
    ["internal", "InternalServerException", 500],
  ]) {
    await assert.rejects(client.send(new bedrock.ConverseCommand(asked(`fault=${fault}`))), (error) => {
      assert.equal(error.name, name);
      assert.equal(error.$metadata.httpStatusCode, status);
      return true;
    });
  }
  const words = "output=20 fault=stream-throttle after=2";
  const reply = await client.send(new bedrock.ConverseStreamCommand(asked(words)));
  await assert.rejects(
    (async () => {
      for await (const _ of reply.stream);
    })(),
    { name: "ThrottlingException" },
  );
}

async function overBudget(way) {
  const { client, asked: sent } = connect(way, { spent: true });
  for (const work of [
    () => client.send(new bedrock.ConverseCommand(asked())),
    () => client.send(new bedrock.ConverseStreamCommand(asked())),
    () => client.send(new bedrock.InvokeModelCommand(body())),
  ]) {
    sent.times = 0;
    await assert.rejects(work(), { name: "ServiceQuotaExceededException" });
    assert.equal(sent.times, 1);
  }
}

(async () => {
  for (const [name, way] of Object.entries(WAYS)) {
    for (const check of [plain, streamed, manyAtOnce, counted, errors, overBudget]) {
      await check(way).catch((error) => {
        error.message = `${check.name}, ${name}: ${error.message}`;
        throw error;
      });
      console.log(`${check.name}, ${name}: held`);
    }
  }
  process.exit(0);
})();
