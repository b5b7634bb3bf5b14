//! The terminal: how large it is, whom it belongs to just now, and its mode while keys are read one by one.

use std::io::{IsTerminal, Stdin, stderr, stdin};

use rustix::process::getpgrp;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
};

use super::view::Size;

/// The size of one that does not tell.
const USUAL: Size = Size { columns: 80, rows: 24 };

/// Whether there is one that lines can be redrawn on.
pub fn is_capable() -> bool {
    stderr().is_terminal() && std::env::var_os("TERM").is_some_and(|name| !name.is_empty() && name != "dumb")
}

/// Whether people want colours (see no-color.org).
pub fn has_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How large it is now.
pub fn size() -> Size {
    let told = tcgetwinsize(stderr()).ok().filter(|size| size.ws_col > 0 && size.ws_row > 0);
    told.map_or(USUAL, |size| Size { columns: size.ws_col, rows: size.ws_row })
}

/// Whether it is ours to write on and to change: whoever does that in the background is stopped by the kernel.
pub fn is_ours() -> bool {
    // One without job control is everybody's.
    tcgetpgrp(stderr()).map_or(true, |group| group == getpgrp())
}

/// The mode in which keys are read one by one and not shown, until this is dropped. Signals (Ctrl-C, Ctrl-Z) and the ends
/// of lines that are written are as before.
pub struct KeyMode {
    keyboard: Stdin,
    before: Termios,
}

impl KeyMode {
    /// Begins; nothing where no keys can be read.
    pub fn begin() -> Option<Self> {
        let keyboard = stdin();
        if !keyboard.is_terminal() || tcgetpgrp(&keyboard).is_ok_and(|group| group != getpgrp()) {
            return None;
        }
        let before = tcgetattr(&keyboard).ok()?;
        let mut mode = before.clone();
        mode.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
        // Ctrl-S would hold up whoever writes.
        mode.input_modes -= InputModes::IXON;
        // A read returns at once, with what there is.
        mode.special_codes[SpecialCodeIndex::VMIN] = 0;
        mode.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&keyboard, OptionalActions::Now, &mode).ok()?;
        Some(Self { keyboard, before })
    }

    /// The keys that were pressed since this was last asked.
    pub fn pressed(&self) -> Vec<u8> {
        let mut keys = [0; 64];
        let count = rustix::io::read(&self.keyboard, &mut keys).unwrap_or(0);
        keys[..count].to_vec()
    }
}

impl Drop for KeyMode {
    fn drop(&mut self) {
        if is_ours() {
            // A terminal that has gone away takes its mode with it.
            let _ = tcsetattr(&self.keyboard, OptionalActions::Now, &self.before);
        }
    }
}
