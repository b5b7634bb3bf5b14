//! How a value is written so that it cannot break out of its place, whatever it holds.

/// How a value is written, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// As it is: in a body of which nothing is known.
    Plain,
    /// Percent-encoded but for letters, digits and `-._~` (RFC 3986, 2.3): in a path, a query or a form.
    Percent,
    /// Percent-encoded only where it could not stand in a request line.
    Url,
    /// In a header: control characters become blanks (RFC 9110, 5.5).
    Header,
    /// Within the quotes of a JSON string.
    JsonText,
    /// A number of JSON, or nothing.
    JsonNumber,
}

impl Escape {
    /// Writes a text as it has to stand in its place. A number that is none is left out: see [`Escape::write`].
    pub fn write_text(self, text: &str, out: &mut String) {
        let mut bytes = Vec::with_capacity(text.len());
        self.write(text.as_bytes(), &mut bytes);
        // Every way of writing keeps text text: what it adds is ASCII, and what it leaves out is whole characters.
        out.push_str(&String::from_utf8_lossy(&bytes));
    }

    /// Writes a value as it has to stand in its place. Returns whether it can stand there.
    pub fn write(self, value: &[u8], out: &mut Vec<u8>) -> bool {
        match self {
            Self::Plain => out.extend_from_slice(value),
            Self::Percent => percent(value, |byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), out),
            Self::Url => percent(value, |byte| byte.is_ascii_graphic() && byte != b'#', out),
            Self::Header => {
                let start = out.len();
                out.extend_from_slice(value);
                for byte in out[start..].iter_mut().filter(|byte| byte.is_ascii_control() && **byte != b'\t') {
                    *byte = b' ';
                }
            }
            Self::JsonText => json_text(value, out),
            Self::JsonNumber => {
                let is_number = serde_json::from_slice::<serde_json::Number>(value.trim_ascii()).is_ok();
                if is_number {
                    out.extend_from_slice(value.trim_ascii());
                }
                return is_number;
            }
        }
        true
    }
}

fn percent(value: &[u8], stays: impl Fn(u8) -> bool, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in value {
        if stays(byte) {
            out.push(byte);
        } else {
            out.extend([b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

/// Within quotes (RFC 8259, 7). What is not UTF-8 cannot stand in JSON and becomes the character that says so.
fn json_text(value: &[u8], out: &mut Vec<u8>) {
    for chunk in value.utf8_chunks() {
        for byte in chunk.valid().bytes() {
            match byte {
                b'"' | b'\\' => out.extend([b'\\', byte]),
                b'\n' => out.extend(b"\\n"),
                b'\r' => out.extend(b"\\r"),
                b'\t' => out.extend(b"\\t"),
                0..0x20 => out.extend(format!("\\u{byte:04x}").into_bytes()),
                _ => out.push(byte),
            }
        }
        if !chunk.invalid().is_empty() {
            out.extend("\u{fffd}".as_bytes());
        }
    }
}
