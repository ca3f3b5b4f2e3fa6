//! The files that pages load: our own style, mark and script, embedded. Their names change with what is in
//! them, so that browsers keep them for good.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;

/// A file.
struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const FOREVER: &str = "public, max-age=31536000, immutable";

const STYLE: Asset = Asset {
    path: "/assets/style",
    kind: "text/css; charset=utf-8",
    bytes: include_bytes!("../assets/style.css"),
};
const MARK: Asset = Asset {
    path: "/assets/mark",
    kind: "image/svg+xml",
    bytes: include_bytes!("../assets/mark.svg"),
};
const SCRIPT: Asset = Asset {
    path: "/assets/live",
    kind: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/live.js"),
};

impl Asset {
    /// Where it is, by what is in it.
    fn url(&self) -> String {
        let hash = self.bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        format!("{}-{hash:016x}", self.path)
    }
}

/// Where the style sheet is.
pub(crate) fn style() -> String {
    STYLE.url()
}

/// Where the mark is.
pub(crate) fn mark() -> String {
    MARK.url()
}

/// Where the script is that keeps a page fresh.
pub(crate) fn script() -> String {
    SCRIPT.url()
}

/// The file at a path, if there is one.
pub(crate) fn at(path: &str) -> Option<HttpResponse> {
    let asset = [STYLE, MARK, SCRIPT].into_iter().find(|asset| asset.url() == path)?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, FOREVER)).content_type(asset.kind);
    Some(response.body(asset.bytes))
}
