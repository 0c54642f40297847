//! Opens files and links with the programs of the desktop.
//!
//! A file opens only if its bytes are of a type that programs show without running anything in it:
//! pictures, video, audio, PDF, plain text. Everything else is saved, and its path is shown. The
//! name that the sender gave it chooses neither the path nor the program.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cairn_client::Client;
use cairn_proto::content::attachment::Attachment;
use cairn_proto::ids::{ConversationId, MsgId};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::spawn_local;

use crate::tui::app::msg::Msg;
use crate::tui::text::words;
use crate::tui::theme::Role;

/// Bytes at the start of a file that decide its type.
const HEAD_BYTES: u64 = 4096;

/// Returns the extension of a harmless type, by the first bytes of a file.
fn sniffed(head: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    Some(match () {
        () if at(0, b"\x89PNG\r\n\x1a\n") => "png",
        () if at(0, b"\xff\xd8\xff") => "jpg",
        () if at(0, b"GIF87a") || at(0, b"GIF89a") => "gif",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "webp",
        () if at(0, b"RIFF") && at(8, b"WAVE") => "wav",
        () if at(0, b"BM") && at(14, b"\x28\0\0\0") => "bmp",
        () if at(4, b"ftypavif") => "avif",
        () if at(4, b"ftyphei") => "heic",
        () if at(4, b"ftypqt") => "mov",
        () if at(4, b"ftyp") => "mp4",
        () if at(0, b"\x1a\x45\xdf\xa3") => "mkv",
        () if at(0, b"OggS") => "ogg",
        () if at(0, b"fLaC") => "flac",
        () if at(0, b"ID3") || at(0, b"\xff\xfb") => "mp3",
        () if at(0, b"%PDF-") => "pdf",
        () if is_plain_text(head) => "txt",
        () => return None,
    })
}

/// Text without control characters, and without a first line that names an interpreter or markup.
fn is_plain_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_program = start.starts_with("#!") || start.starts_with('<') || start.starts_with('[');
    !text.is_empty()
        && !is_program
        && text
            .chars()
            .all(|c| !c.is_control() || "\n\r\t".contains(c))
}

/// Downloads the file of a message, and opens it if its type is harmless. Answers with a note.
pub(super) fn open_file(
    client: Client,
    conversation: ConversationId,
    msgid: MsgId,
    folder: PathBuf,
    sender: UnboundedSender<Msg>,
) {
    spawn_local(async move {
        let (text, role) = match fetch(&client, conversation, msgid, &folder).await {
            Ok(path) => match show(&path) {
                Ok(true) => (words::opened(&path.display().to_string()), Role::Dim),
                _ => (words::saved(&path.display().to_string()), Role::Dim),
            },
            Err(why) => (why, Role::Error),
        };
        let _ = sender.send(Msg::Note { text, role });
    });
}

async fn fetch(
    client: &Client,
    conversation: ConversationId,
    msgid: MsgId,
    folder: &Path,
) -> Result<PathBuf, String> {
    let here = client.conversation(conversation);
    let message = here
        .message(msgid)
        .await
        .map_err(|error| error.to_string())?;
    let attachment = message
        .as_ref()
        .and_then(|message| message.body.attachment());
    let attachment: &Attachment = attachment.ok_or_else(|| words::NOTHING_TO_OPEN.to_owned())?;
    let folder = folder.join("files");
    private_folder(&folder).map_err(|error| error.to_string())?;
    let path = folder.join(format!("{conversation}-{msgid}"));
    here.download(msgid, attachment, &path, |_| {})
        .await
        .map_err(|error| error.to_string())?;
    let extension = head(&path).ok().and_then(|head| sniffed(&head));
    let named = path.with_extension(extension.unwrap_or("bin"));
    fs::rename(&path, &named).map_err(|error| error.to_string())?;
    Ok(named)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

/// Opens a file of a harmless type. Returns whether it was.
fn show(path: &Path) -> io::Result<bool> {
    if sniffed(&head(path)?).is_none() {
        return Ok(false);
    }
    start(path.as_os_str()).map(|()| true)
}

/// Opens a link in the browser.
pub(super) fn open_link(link: &str) -> io::Result<()> {
    let scheme = link
        .split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" | "mailto" => start(link.as_ref()),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn start(what: &std::ffi::OsStr) -> io::Result<()> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let is_desktop = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !is_desktop && !cfg!(target_os = "macos") {
        return Err(io::ErrorKind::NotFound.into());
    }
    let child = Command::new(program)
        .arg(what)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // The program may run for long; a thread collects it.
    std::thread::spawn(move || {
        let mut child = child;
        let _ = child.wait();
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_the_bytes() {
        for (head, extension) in [
            (&b"\x89PNG\r\n\x1a\n..."[..], Some("png")),
            (b"%PDF-1.7", Some("pdf")),
            (b"plain words\n", Some("txt")),
            ("你好".as_bytes(), Some("txt")),
            (&"你好".as_bytes()[..4], Some("txt")),
            (b"#!/bin/sh\nrm -rf ~", None),
            (b"[Desktop Entry]\nExec=x", None),
            (b"<html><script>", None),
            (b"\x7fELF", None),
            (b"PK\x03\x04", None),
            (b"", None),
        ] {
            assert_eq!(sniffed(head), extension, "{head:?}");
        }
    }

    #[test]
    fn only_links_of_browsers_are_opened() {
        for link in ["file:///etc/passwd", "javascript:x", "smb://x", "cairn://x"] {
            assert!(open_link(link).is_err(), "{link}");
        }
    }
}
