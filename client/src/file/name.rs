//! Names of files as they come.

use cairn_proto::limits::FILE_NAME_BYTES_MAX;
use cairn_proto::text::FileName;

const NAMELESS: &str = "file";

/// Longer extensions are cut with the name.
const EXTENSION_BYTES_MAX: usize = 16;

/// Returns the name under which a file is shown. What cannot be in such a name is replaced: blanks
/// of other kinds by a space, characters without width by nothing, and all others by `_`. A long
/// name is cut before its extension.
#[must_use]
pub fn shown_name(name: &str) -> Option<FileName> {
    let mut shown = String::with_capacity(name.len());
    for c in name.chars() {
        if may_be_in_a_name(c) {
            shown.push(c);
        } else if c.is_whitespace() && !c.is_control() {
            shown.push(' ');
        } else if c.is_control() || c.is_ascii() {
            shown.push('_');
        }
    }
    let shown = cut(shown.trim());
    FileName::new(shown.trim_end())
        .or_else(|_| FileName::new(NAMELESS))
        .ok()
}

/// Returns whether a name can contain the character. The letters around it make the check
/// independent of its position.
fn may_be_in_a_name(c: char) -> bool {
    FileName::new(format!("n{c}n")).is_ok()
}

fn cut(name: &str) -> String {
    if name.len() <= FILE_NAME_BYTES_MAX {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]).trim_end();
    let extension = if extension.len() > EXTENSION_BYTES_MAX {
        ""
    } else {
        extension
    };
    let end = name.floor_char_boundary(FILE_NAME_BYTES_MAX - extension.len());
    format!("{}{extension}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_can_be_shown() {
        for (name, shown) in [
            ("plan.pdf", "plan.pdf"),
            ("my plan (2).pdf", "my plan (2).pdf"),
            (
                "Screenshot 2024-01-05 at 9.41.00\u{202f}AM.png",
                "Screenshot 2024-01-05 at 9.41.00 AM.png",
            ),
            (
                "Snímek obrazovky v\u{a0}09.41.png",
                "Snímek obrazovky v 09.41.png",
            ),
            ("\u{200e}Picture 2024.jpg", "Picture 2024.jpg"),
            ("گزارش\u{200c}ها.pdf", "گزارشها.pdf"),
            ("👩\u{200d}💻 notes.txt", "👩💻 notes.txt"),
            ("a\\b.txt", "a_b.txt"),
            (" lead.txt", "lead.txt"),
            ("trail ", "trail"),
            ("Icon\r", "Icon_"),
            ("lat\u{fffd}.txt", "lat\u{fffd}.txt"),
            ("e\u{301}te\u{301}.txt", "e\u{301}te\u{301}.txt"),
            ("tab\there", "tab_here"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("\u{200b}", "file"),
            ("", "file"),
        ] {
            let found = shown_name(name);
            assert_eq!(
                found.as_ref().map(FileName::as_str),
                Some(shown),
                "{name:?}"
            );
        }
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = shown_name(&format!("{}.pdf", "ä".repeat(200))).unwrap();
        assert!(name.as_str().ends_with("ä.pdf") && name.as_str().len() <= FILE_NAME_BYTES_MAX);
        let name = shown_name(&format!("a.{}", "b".repeat(300))).unwrap();
        assert_eq!(name.as_str().len(), FILE_NAME_BYTES_MAX);
    }
}
