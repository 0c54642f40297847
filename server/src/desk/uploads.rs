//! Uploads of visitors: only while an agent reads, and only what the settings allow.

use cairn_proto::wire::error::ErrorCode;
use tokio::time::Instant;

use crate::fairness::allowance::Verdict;
use crate::session::Session;
use crate::shared::Shared;

/// Checks an upload before it begins. Those of users pass.
///
/// # Errors
///
/// Why a visitor may not upload the file.
pub(crate) fn check(shared: &Shared, session: &Session, bytes: u64) -> Result<(), ErrorCode> {
    let (Some(visit), Some(actor)) = (session.visit(), session.actor()) else {
        return Ok(());
    };
    if !visit.is_answered() {
        return Err(ErrorCode::Forbidden);
    }
    if bytes > shared.hub.visitors.upload_bytes_max() {
        return Err(ErrorCode::AttachmentTooLarge);
    }
    let now = Instant::now();
    let account = shared.hub.allowances.of(actor.into(), now);
    match shared.hub.allowances.count_file(&account, bytes, now) {
        Verdict::Now => Ok(()),
        // The next file may pass, so nothing waits for it here.
        Verdict::After(_) | Verdict::Refused => Err(ErrorCode::TooFast),
    }
}
