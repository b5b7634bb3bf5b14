//! plotly.js, packed: a third of its size, unpacked by the page in some tens of milliseconds.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use plotly::Plot;

/// The library that draws.
pub struct Library {
    /// The script as it runs.
    pub script: String,
    /// The same, deflated, in base64.
    pub packed: String,
}

impl Library {
    /// The library of the plotly crate.
    ///
    /// # Errors
    /// Where it cannot be packed.
    pub fn packed() -> io::Result<Self> {
        let script = script();
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(script.as_bytes())?;
        Ok(Self { packed: BASE64.encode(encoder.finish()?), script })
    }
}

/// plotly.js alone: the crate's offline sources have it as the first of two scripts, and the second sets formulas.
fn script() -> String {
    let sources = Plot::offline_js_sources();
    let script = sources.split_once('>').and_then(|(_, rest)| rest.split_once("</script>"));
    script.map_or_else(String::new, |(script, _)| script.to_owned())
}
