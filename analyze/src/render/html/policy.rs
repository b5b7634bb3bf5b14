//! The page's Content-Security-Policy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

/// Nothing is loaded. The style, the script and the library, which the script unpacks into an element of its own, are named
/// by their hashes. Plotly makes an empty style element, sets style attributes, and draws heat maps as images.
pub fn of(library: Option<&str>, script: &str, style: &str) -> String {
    let scripts: Vec<String> = std::iter::once(script).chain(library).map(hash).collect();
    format!(
        "default-src 'none'; script-src {}; style-src-elem {} {}; style-src-attr 'unsafe-inline'; \
         img-src data: blob:; base-uri 'none'; form-action 'none'",
        scripts.join(" "),
        hash(style),
        hash("")
    )
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)))
}
