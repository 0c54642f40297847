//! User names for nicks.

use cairn_proto::limits::USER_NAME_BYTES_MAX;
use cairn_proto::text::UserName;

/// Returns the user name for a nick: without white space, without characters that names cannot
/// have, without marks in front, and cut to the longest length.
pub(super) fn user_name(nick: &[u8]) -> Option<UserName> {
    let nick = String::from_utf8_lossy(nick);
    let mut name: String = nick.chars().filter(|&c| may_be_in_a_name(c)).collect();
    name.drain(..name.len() - name.trim_start_matches(['#', '@']).len());
    name.truncate(name.floor_char_boundary(USER_NAME_BYTES_MAX));
    UserName::new(name)
        .or_else(|_| UserName::new(NAMELESS))
        .ok()
}

const NAMELESS: &str = "unknown";

/// Returns whether a name can contain the character. The letter before it makes the check
/// independent of its position.
fn may_be_in_a_name(c: char) -> bool {
    UserName::new(format!("n{c}n")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nick_has_a_name() {
        for (nick, name) in [
            (&b"crimsun"[..], "crimsun"),
            (b"[BTF] Chm0d", "[BTF]Chm0d"),
            (b"`anthony", "`anthony"),
            (b"|QuaD-", "|QuaD-"),
            (b"@op", "op"),
            (b"@#@op#", "op#"),
            (b"a\x02b\x7f", "ab"),
            ("b\u{202e}ob".as_bytes(), "bob"),
            (b"caf\xe9", "caf\u{fffd}"),
            (b"", "unknown"),
            (b" @ ", "unknown"),
        ] {
            assert_eq!(user_name(nick).unwrap().as_str(), name);
        }
    }

    #[test]
    fn long_nicks_are_cut_between_characters() {
        let name = user_name("ä".repeat(40).as_bytes()).unwrap();
        assert_eq!(name.as_str(), "ä".repeat(32));
        let name = user_name(format!("x{}", "ä".repeat(40)).as_bytes()).unwrap();
        assert_eq!(name.as_str().len(), USER_NAME_BYTES_MAX - 1);
    }
}
