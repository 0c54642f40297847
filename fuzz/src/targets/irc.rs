//! Logs of IRC, which an operator gets from elsewhere.

#![allow(dead_code, unused_imports, reason = "only what reads lines is used")]

#[path = "../../../src/cli/import/encoding.rs"]
mod encoding;
#[path = "../../../src/cli/import/format/mod.rs"]
mod format;
#[path = "../../../src/cli/import/log_lines.rs"]
mod log_lines;

use encoding::Legacy;
use format::{Event, Format, Nicks};
use log_lines::Lines;

/// A log in an encoding: `[encoding][bytes]`. Parts of a line are parts of its text.
pub fn irc(data: &[u8]) {
    let Some((encoding, log)) = data.split_first() else {
        return;
    };
    let name = ["utf-8", "gb18030", "windows-1252", "shift_jis"][usize::from(encoding % 4)];
    let legacy: Legacy = name.parse().unwrap();
    for format in Format::ALL {
        let mut nicks = Nicks::default();
        let mut lines = Lines::new(log);
        while let Some((_, line)) = lines.next().unwrap() {
            let (text, _) = legacy.decode(line);
            let event = format.parse(&text);
            nicks.see(&event);
            match event {
                Event::Message(said) | Event::Emote(said) | Event::EmoteOf(said) => {
                    assert!(text.contains(said.nick));
                    assert!(said.text.len() <= text.len());
                }
                Event::Notice(Some(nick)) => assert!(text.contains(nick)),
                _ => {}
            }
        }
    }
}
