//! Writing in the user's editor.

use std::io::Write as _;
use std::process::Command;
use std::{env, fs};

use crate::tui::text::words;

/// Lets the user edit a text in `$VISUAL` or `$EDITOR`.
pub(super) fn edit(text: &str) -> Result<String, String> {
    let set = |name| env::var(name).ok().filter(|value| !value.trim().is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    // Only the user can read the file.
    let mut file = tempfile::Builder::new()
        .prefix("cairn-")
        .suffix(".md")
        .tempfile()
        .map_err(|error| error.to_string())?;
    file.write_all(text.as_bytes())
        .map_err(|error| error.to_string())?;
    // The variable may hold arguments, so the shell splits it.
    let status = Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file.path())
        .status();
    match status {
        Ok(status) if status.success() => {
            fs::read_to_string(file.path()).map_err(|error| error.to_string())
        }
        _ => Err(words::no_editor(&editor)),
    }
}
