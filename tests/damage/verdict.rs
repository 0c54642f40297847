//! Whether damage was noticed.

use super::base::Base;
use crate::support::cairn;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// The doctor refuses the directory.
    Refused,
    /// Everything that was accepted is there.
    Harmless,
    /// As after a torn write: messages of the last second before the kill are missing at the end,
    /// and nothing else.
    LastSecond,
    /// Something else is missing, and nothing reports it.
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
    if found == base.accepted {
        return (Verdict::Harmless, first);
    }
    let lost = base.accepted.len().saturating_sub(found.len());
    let is_torn = lost <= base.recent && found.iter().eq(base.accepted.iter().take(found.len()));
    let verdict = match is_torn {
        true => Verdict::LastSecond,
        false => Verdict::Silent,
    };
    (verdict, format!("{lost} messages are missing"))
}
