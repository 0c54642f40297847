//! Inquiries, queues and periods of time on the command line.

use std::time::Duration;

use cairn_client::Client;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::desk::QueueInfo;
use cairn_proto::text::{GroupName, TextError};

use crate::cli::args::duration::{self, DurationError};
use crate::cli::failure::{Exit, Failure};

/// Parses the number of an inquiry: `17`, `#17` or `#id:17`.
pub(super) fn parse_inquiry(raw: &str) -> Result<ConversationId, &'static str> {
    let number = raw.trim();
    let number = number.strip_prefix("#id:").unwrap_or(number);
    let number = number.strip_prefix('#').unwrap_or(number);
    number
        .parse()
        .map_err(|_| "it is the number that `cairn desk` and `cairn desk list` show")
}

/// Parses the name of a queue that exists.
pub(super) fn parse_queue(raw: &str) -> Result<GroupName, TextError> {
    GroupName::sought(raw.trim())
}

/// Parses the name of a new queue.
pub(super) fn parse_queue_name(raw: &str) -> Result<GroupName, TextError> {
    GroupName::typed(raw.trim())
}

/// Parses a time in whole seconds; `never` is 0.
pub(super) fn parse_seconds_or_never(raw: &str) -> Result<u32, DurationError> {
    match raw {
        "never" => Ok(0),
        raw => parse_seconds(raw),
    }
}

/// Parses a time in whole seconds, at least one.
pub(super) fn parse_seconds(raw: &str) -> Result<u32, DurationError> {
    seconds(duration::parse(raw)?).ok_or(DurationError::Range)
}

fn seconds(duration: Duration) -> Option<u32> {
    u32::try_from(duration.as_secs()).ok()
}

/// The queues that the user may see, by name.
pub(super) struct Queues(pub(super) Vec<QueueInfo>);

impl Queues {
    pub(super) async fn load(client: &Client) -> Result<Self, Failure> {
        Ok(Self(client.desk().queues().await?))
    }

    /// Returns the queue with this name.
    pub(super) fn named(&self, name: &GroupName) -> Result<&QueueInfo, Failure> {
        let key = name.folded();
        let mut named = self.0.iter();
        named
            .find(|info| info.config.name.folded() == key)
            .ok_or_else(|| {
                let headline = format!("there is no queue named {name} that you serve");
                Failure::new(Exit::Failed, headline)
                    .hint("`cairn desk queue list` shows the queues")
            })
    }

    /// Returns the name of a queue, or its number if it is unknown.
    pub(super) fn name_of(&self, queue: ConversationId) -> String {
        let found = self.0.iter().find(|info| info.counts.queue == queue);
        found.map_or_else(
            || format!("queue {queue}"),
            |info| info.config.name.to_string(),
        )
    }
}
