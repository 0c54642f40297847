//! Files to send: what a path names, and completion.

use std::path::{Path, PathBuf};
use std::{env, fs};

use cairn_session::DraftFile;

use crate::tui::text::words;

/// Paths that are offered.
const PATHS_MAX: usize = 200;

/// Returns the path that the user means: `~` is their home folder.
fn expanded(typed: &str) -> PathBuf {
    match (typed.strip_prefix('~'), env::var_os("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Path::new(&home).join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(typed),
    }
}

/// Describes a file to send, `as_file` also if it is a picture or video.
pub(super) fn describe(typed: &str, as_file: bool) -> Result<DraftFile, String> {
    let path = expanded(typed);
    let path = path.canonicalize().map_err(|_| words::no_file(typed))?;
    let metadata = fs::metadata(&path).map_err(|_| words::no_file(typed))?;
    if !metadata.is_file() {
        return Err(words::not_a_file(typed));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let path = path.to_str().ok_or_else(|| words::no_file(typed))?;
    Ok(DraftFile {
        path: path.to_owned(),
        name: name.into_owned(),
        size_bytes: metadata.len(),
        as_file,
    })
}

/// Returns the paths that begin like this. Folders end with `/`.
pub(super) fn completions(typed: &str) -> Vec<String> {
    let (folder, start) = typed
        .rsplit_once('/')
        .map_or(("", typed), |(folder, start)| {
            (&typed[..=folder.len()], start)
        });
    let read = match folder {
        "" => PathBuf::from("."),
        folder => expanded(folder),
    };
    let Ok(entries) = fs::read_dir(read) else {
        return Vec::new();
    };
    let entries = entries.filter_map(Result::ok).filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let is_hidden = name.starts_with('.') && !start.starts_with('.');
        (name.starts_with(start) && !is_hidden).then(|| {
            let end = if entry.path().is_dir() { "/" } else { "" };
            format!("{folder}{name}{end}")
        })
    });
    let mut paths: Vec<String> = entries.take(PATHS_MAX).collect();
    paths.sort_unstable();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_completed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cat.png"), "x").unwrap();
        fs::create_dir(folder.path().join("cats")).unwrap();
        fs::write(folder.path().join(".cat"), "x").unwrap();
        let typed = format!("{}/ca", folder.path().display());
        let expected = ["t.png", "ts/"].map(|end| format!("{typed}{end}"));
        assert_eq!(completions(&typed), expected);
    }

    #[test]
    fn only_files_are_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cat.png");
        assert!(describe(path.to_str().unwrap(), false).is_err());
        assert!(describe(folder.path().to_str().unwrap(), false).is_err());
        fs::write(&path, "12345").unwrap();
        let file = describe(path.to_str().unwrap(), true).unwrap();
        assert_eq!((file.name.as_str(), file.size_bytes), ("cat.png", 5));
        assert!(file.as_file);
    }
}
