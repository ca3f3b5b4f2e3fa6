//! Where a provider can be: at addresses of the internet, of a private network where that is said, or
//! on this machine where its own name says so. What it names as its endpoints is held to the same, and
//! so is each address that a name turns out to have, at the moment that it is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// How far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Addresses of the internet.
    Public,
    /// Those, and the ones of private networks.
    Private,
    /// This machine alone, also unencrypted.
    Loopback,
}

impl Reach {
    /// As far as an issuer's own URL says.
    ///
    /// # Errors
    /// Why nobody can be there.
    pub(super) fn of(issuer: &str, in_private_network: bool) -> Result<Self, &'static str> {
        let host = host(&parsed(issuer)?);
        let is_here = host == "localhost"
            || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
        let reach = match (is_here, in_private_network) {
            (true, _) => Self::Loopback,
            (false, true) => Self::Private,
            (false, false) => Self::Public,
        };
        reach.check(issuer)?;
        Ok(reach)
    }

    /// That a URL is where browsers can reach these pages: https, or http on this machine, and no path.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check_origin(url: &str) -> Result<(), &'static str> {
        let uri = parsed(url)?;
        Self::of(url, true)?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err("has a path: write `https://HOST`");
        }
        Ok(())
    }

    /// That what is at a URL may be asked.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn check(self, url: &str) -> Result<(), &'static str> {
        let uri = parsed(url)?;
        match (uri.scheme_str(), self) {
            (Some("https"), _) | (Some("http"), Self::Loopback) => {}
            (Some("http"), _) => return Err("is not encrypted: use https"),
            _ => return Err("is no `https` URL"),
        }
        // Names are looked at when they have become addresses.
        let address = host(&uri).parse::<IpAddr>().ok();
        if address.is_some_and(|address| !self.allows(address)) {
            return Err("is an address that no provider has");
        }
        Ok(())
    }

    /// Whether a provider can be at an address.
    pub(super) fn allows(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self {
            Self::Loopback => address.is_loopback(),
            Self::Private => is_private(address) || is_public(address),
            Self::Public => is_public(address),
        }
    }
}

fn parsed(url: &str) -> Result<http::Uri, &'static str> {
    let uri: http::Uri = url.parse().map_err(|_| "is no URL")?;
    let authority = uri.authority().ok_or("is no whole URL: write `https://…`")?;
    if authority.as_str().contains('@') {
        return Err("has a name or a password in it");
    }
    Ok(uri)
}

fn host(uri: &http::Uri) -> String {
    let host = uri.host().unwrap_or_default();
    host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

/// Of networks that others cannot reach: RFC 1918, carriers' own, and IPv6's unique local ones.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private() || is_carriers(v4),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

fn is_carriers(v4: Ipv4Addr) -> bool {
    v4.octets()[0] == 100 && v4.octets()[1] & 0b1100_0000 == 64
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [first, second, third, _] = v4.octets();
    let is_reserved = first == 0
        || first >= 240
        || (first == 192 && second == 0 && third == 0)
        || (first == 192 && second == 88 && third == 99)
        || (first == 198 && second & 0xfe == 18);
    !(is_reserved
        || v4.is_private()
        || is_carriers(v4)
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation())
}

/// Of `2000::/3` what is no tunnel to an IPv4 address, which could be any: Teredo, 6to4; nor what stands
/// in documents. NAT64, link-local and all else is outside.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [first, second, ..] = v6.segments();
    let is_global = first & 0xe000 == 0x2000;
    let is_special = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    is_global && !is_special && first != 0x2002
}

/// Names, and the addresses that they have and may have.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    names: GaiResolver,
    reach: Reach,
}

impl Guarded {
    pub(super) fn new(reach: Reach) -> Self {
        Self { names: GaiResolver::new(), reach }
    }
}

impl Service<Name> for Guarded {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.names.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, reach) = (self.names.call(name), self.reach);
        Box::pin(async move {
            let found: Vec<SocketAddr> = found.await?.collect();
            let mut allowed = found.into_iter().filter(|one| reach.allows(one.ip())).peekable();
            if allowed.peek().is_none() {
                let why = "its name has no address that a provider can have";
                return Err(std::io::Error::new(std::io::ErrorKind::PermissionDenied, why));
            }
            Ok(allowed.collect::<Vec<_>>().into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Addresses that are none of a provider's, however they are written.
    const NEVER: [&str; 22] = [
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "::ffff:127.0.0.1",
        "::a9fe:a9fe",
        "127.0.0.1",
        "::1",
        "::",
        "0.0.0.0",
        "2002:a9fe:a9fe::1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2001:0:a9fe:a9fe::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "198.18.0.1",
        "2001:db8::1",
    ];
    const OF_PRIVATE_NETWORKS: [&str; 6] =
        ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "100.127.255.255", "fd00::1"];

    #[test]
    fn a_provider_is_at_no_address_but_those_that_it_can_have() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for text in NEVER {
            let allowed = [Reach::Public, Reach::Private].map(|reach| reach.allows(address(text)));
            assert_eq!(allowed, [false, false], "{text}");
        }
        for text in OF_PRIVATE_NETWORKS {
            let allowed = [Reach::Public, Reach::Private, Reach::Loopback];
            let allowed = allowed.map(|reach| reach.allows(address(text)));
            assert_eq!(allowed, [false, true, false], "{text}");
        }
        for text in ["8.8.8.8", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            let allowed = [Reach::Public, Reach::Private, Reach::Loopback];
            let allowed = allowed.map(|reach| reach.allows(address(text)));
            assert_eq!(allowed, [true, true, false], "{text}");
        }
        assert!(Reach::Loopback.allows(address("127.0.0.1")));
        assert!(!Reach::Loopback.allows(address("169.254.169.254")));
    }

    #[test]
    fn an_issuer_is_https_or_on_this_machine_and_says_how_far_to_go() {
        assert_eq!(Reach::of("https://id.example/realm", false), Ok(Reach::Public));
        assert_eq!(Reach::of("https://id.example", true), Ok(Reach::Private));
        for near in ["http://localhost:9000", "http://127.0.0.1:9000/a", "https://[::1]"] {
            assert_eq!(Reach::of(near, false), Ok(Reach::Loopback), "{near}");
        }
        for bad in [
            "",
            "id.example",
            "/realm",
            "file:///etc/passwd",
            "ftp://id.example",
            "http://id.example",
            "https://169.254.169.254/latest",
            "https://[::ffff:169.254.169.254]",
            "https://[64:ff9b::a9fe:a9fe]",
            "https://10.0.0.1",
            "https://ann:secret@id.example",
        ] {
            assert!(Reach::of(bad, false).is_err(), "{bad}");
        }
        assert!(Reach::Loopback.check("http://169.254.169.254").is_err());
        assert!(Reach::Public.check("http://127.0.0.1:80").is_err());
        for (url, is_good) in [
            ("https://bursar.example", true),
            ("https://10.0.0.1:8443/", true),
            ("http://127.0.0.1:8081", true),
            ("http://bursar.example", false),
            ("https://bursar.example/below", false),
            ("https://bursar.example/?a", false),
        ] {
            assert_eq!(Reach::check_origin(url).is_ok(), is_good, "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_held_to_the_addresses_that_it_has_when_it_is_connected_to() {
        for (name, reach, is_found) in [
            ("localhost", Reach::Loopback, true),
            ("localhost", Reach::Public, false),
            // A number is a name to us, and an address to the system: 127.0.0.1.
            ("2130706433", Reach::Public, false),
        ] {
            let found = Guarded::new(reach).call(name.parse().unwrap()).await;
            assert_eq!(found.is_ok(), is_found, "{name}");
        }
    }
}
