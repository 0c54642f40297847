//! Reading a conversation: from its tail in memory, else from disk on the blocking pool.

use std::sync::Arc;

use cairn_proto::content::message::Run;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::PullRange;
use cairn_store::blocks::run::RunLimits;
use cairn_store::timeline::history::{History, HistoryError};
use cairn_store::timeline::{TailRead, Timeline};
use tracing::error;

/// Reads a range from the tail in memory, else on the blocking pool.
pub(crate) async fn read_history(
    history: &History,
    timeline: &Arc<Timeline>,
    range: PullRange,
    limit: u32,
) -> Result<Run, ErrorCode> {
    let limits = RunLimits::of_messages(limit);
    if let PullRange::From(from) = range
        && let TailRead::Hit(run) = timeline.read_tail(from, limits)
    {
        return Ok(run);
    }
    let (history, timeline) = (history.clone(), timeline.clone());
    let read = tokio::task::spawn_blocking(move || history.read(&timeline, range, limits)).await;
    read.map_err(|_| ErrorCode::Damaged)?
        .map_err(|failure: HistoryError| {
            error!(%failure, "cannot read stored messages");
            ErrorCode::Damaged
        })
}
