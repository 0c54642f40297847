//! Files on their way.

use bytesize::ByteSize;
use cairn_session::{DraftFile, SendState};

use super::states;
use crate::tui::text::markup::one_line;

pub(crate) const NONE: &str = "No files are on their way; /send PATH sends one";
pub(crate) const HINT: &str = "Enter does what stands at the right";
pub(crate) const CANCEL: &str = "cancel";
pub(crate) const AGAIN: &str = "send again";
pub(crate) const DROP: &str = "drop it";

/// A file, where it goes, and how far it is.
pub(crate) fn file(file: &DraftFile, to: &str, state: &SendState) -> String {
    let name = one_line(&file.name);
    let size = ByteSize(file.size_bytes);
    match state {
        SendState::Queued => format!("queued  {name} to {to}, {size}"),
        SendState::Uploading { done, of } => {
            let of = (*of).max(file.size_bytes);
            let percent = done.saturating_mul(100).checked_div(of).unwrap_or(0);
            format!("{} {percent:>3} %  {name} to {to}, {size}", bar(percent))
        }
        SendState::Failed(why) => {
            format!("not sent  {name} to {to}: {}", states::failed(why))
        }
        SendState::Unknown(doubt) => {
            format!("perhaps sent  {name} to {to}: {}", states::doubted(*doubt))
        }
        SendState::Sent
        | SendState::Stored(_)
        | SendState::Delivered { .. }
        | SendState::Read { .. } => format!("sent  {name} to {to}, {size}"),
    }
}

/// Another line about a file that failed.
pub(crate) fn same(file: &DraftFile) -> String {
    format!("          {}", one_line(&file.name))
}

/// Ten columns that fill.
fn bar(percent: u64) -> String {
    let full = usize::try_from(percent.min(100) / 10).unwrap_or(0);
    format!("[{}{}]", "#".repeat(full), "-".repeat(10 - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uploads_show_how_far_they_are() {
        let cat = DraftFile {
            path: "/tmp/cat.png".to_owned(),
            name: "cat.png".to_owned(),
            size_bytes: 2_048,
            as_file: false,
        };
        let shown = |state| file(&cat, "#team", &state);
        let state = SendState::Uploading {
            done: 720,
            of: 2_048,
        };
        assert_eq!(
            shown(state),
            "[###-------]  35 %  cat.png to #team, 2.0 KiB"
        );
        // Before the first report of progress.
        let state = SendState::Uploading { done: 0, of: 0 };
        assert_eq!(
            shown(state),
            "[----------]   0 %  cat.png to #team, 2.0 KiB"
        );
        let why = cairn_session::Failure::File(cairn_session::FileFault::Missing);
        assert_eq!(
            shown(SendState::Failed(why)),
            "not sent  cat.png to #team: there is no such file"
        );
    }
}
