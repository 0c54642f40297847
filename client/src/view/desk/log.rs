//! Reading the logs of queues.

use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_proto::limits::RUN_MESSAGES_MAX;
use cairn_proto::wire::request::session::PullRange;

use crate::error::Error;
use crate::view::desk::Desk;
use crate::view::desk::report::DeskReport;

/// Reports
impl Desk<'_> {
    /// Reads the logs of queues from `from` until before `to`, and counts what happened: first
    /// replies, waiting, resolution, missed offers, per queue and agent. For supervisors of the
    /// queues and admins of the server.
    ///
    /// # Errors
    /// [`Error::Refused`] with `NotFound` for a queue that does not exist or that the user does
    /// not supervise, or a [terminal error](Error#terminal-errors).
    pub async fn report(
        self,
        queues: &[ConversationId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<DeskReport, Error> {
        let mut report = DeskReport::new(from, to);
        for &queue in queues {
            let mut next = self.first_since(queue, from).await?;
            loop {
                let log = self.client.conversation(queue);
                let page = log.pull(PullRange::From(next), RUN_MESSAGES_MAX).await?;
                for entry in &page.messages {
                    if let Body::System(SystemEntry::Route(route)) = &entry.body {
                        report.add(queue, entry.sent_at, route);
                    }
                }
                match page.messages.last() {
                    Some(last) if last.sent_at < to && last.msgid < page.head => {
                        next = last.msgid.next();
                    }
                    _ => break,
                }
            }
        }
        Ok(report)
    }

    /// Returns the first entry of a queue's log that is not older than `since`, or the one after
    /// the last: where to begin to read or to follow it. Needs about 20 requests in a log of a
    /// million entries.
    ///
    /// # Errors
    /// As [`Desk::report`].
    pub async fn first_since(
        self,
        queue: ConversationId,
        since: Timestamp,
    ) -> Result<MsgId, Error> {
        let log = self.client.conversation(queue);
        let page = log.pull(PullRange::From(MsgId::ZERO.next()), 1).await?;
        // Times never decrease in a log.
        let (mut low, mut high) = (page.floor.next(), page.head.next());
        while low < high {
            let middle = low.plus(high.above(low) / 2);
            let page = log.pull(PullRange::From(middle), 1).await?;
            match page.messages.first() {
                Some(entry) if entry.sent_at < since => low = entry.msgid.next(),
                Some(_) => high = middle,
                None => low = page.floor.next().max(middle.next()),
            }
        }
        Ok(low)
    }
}
