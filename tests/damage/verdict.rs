//! Whether damage was noticed.

use super::base::Base;
use crate::support::cairn;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// The doctor refuses the directory.
    Refused,
    /// Everything that was accepted is there.
    Harmless,
    /// Something is missing, and nobody says so.
    Silent,
    Panicked,
}

/// Checks the directory of the base.
pub(super) async fn of(base: &mut Base) -> (Verdict, String) {
    let output = cairn(&["doctor", "--json", "--data"])
        .arg(base.data())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = said.lines().next().unwrap_or_default().to_owned();
    if said.contains("panicked") {
        return (Verdict::Panicked, said);
    }
    if !output.status.success() {
        return (Verdict::Refused, first);
    }
    // The doctor has moved the log into the trees, as a start does.
    let found = base.messages().await;
    match found == base.accepted {
        true => (Verdict::Harmless, first),
        false => {
            let lost = base.accepted.len().saturating_sub(found.len());
            (Verdict::Silent, format!("{lost} messages are missing"))
        }
    }
}
