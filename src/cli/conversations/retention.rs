//! `cairn retention`

use std::fmt;

use cairn_proto::ids::ConversationId;
use cairn_proto::limits::RETENTION_DAYS_MAX;
use cairn_proto::model::retention::{Retention, RetentionInfo};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;

/// Show or set how long a conversation keeps its messages
///
/// In a group, its owners can set it; in a direct chat, both users. It applies to existing messages
/// as well: those that are too old under the new policy are gone within a minute, for everyone. The
/// conversation shows each change.
///
/// keep: forever. days N: N days. until-acked: until all devices of all members have received them,
/// and no longer than --cap-days. default: the setting of the server.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn retention '#team'
  cairn retention '#team' days 90
  cairn retention @bob until-acked --cap-days 7
  cairn retention '#team' keep
  cairn retention '#team' default --json

JSON, the policy now; days is null where messages are kept forever
  {\"conversation\":1,\"retention\":\"days\",\"days\":90,\"agreed\":true}")]
pub(crate) struct RetentionArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// The policy; without it, nothing is changed
    policy: Option<Policy>,

    /// How many days
    #[arg(
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(RETENTION_DAYS_MAX)),
    )]
    days: Option<u32>,

    /// How long until-acked waits for devices that do not connect
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=i64::from(RETENTION_DAYS_MAX)),
    )]
    cap_days: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Policy {
    Keep,
    Default,
    Days,
    UntilAcked,
}

#[derive(Debug, Serialize)]
struct Held {
    conversation: ConversationId,
    retention: Policy,
    days: Option<u32>,
    /// Whether the policy was set for this conversation, instead of coming from the server.
    agreed: bool,
    #[serde(skip)]
    effective: Retention,
}

impl Held {
    fn new(conversation: ConversationId, info: RetentionInfo) -> Self {
        let RetentionInfo { set, effective } = info;
        let (retention, days) = match effective {
            Retention::Keep => (Policy::Keep, None),
            Retention::Days(days) => (Policy::Days, Some(days)),
            Retention::UntilAcked { cap_days } => (Policy::UntilAcked, Some(cap_days)),
        };
        Self {
            conversation,
            retention,
            days,
            agreed: set == Some(effective),
            effective,
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = if self.agreed {
            ""
        } else {
            "  (setting of the server)"
        };
        write!(
            f,
            "messages of '#id:{}' are kept: {}{whose}",
            self.conversation, self.effective
        )
    }
}

/// Returns the policy, or `None` for the server's setting.
fn parse(
    policy: Policy,
    days: Option<u32>,
    cap_days: Option<u32>,
) -> Result<Option<Retention>, Failure> {
    match (policy, days, cap_days) {
        (Policy::Keep, None, None) => Ok(Some(Retention::Keep)),
        (Policy::Default, None, None) => Ok(None),
        (Policy::Days, Some(days), None) => Ok(Some(Retention::Days(days))),
        (Policy::UntilAcked, None, Some(cap_days)) => Ok(Some(Retention::UntilAcked { cap_days })),
        _ => Err(Failure::new(
            Exit::Usage,
            "use one of: keep, default, days N, until-acked --cap-days N",
        )),
    }
}

pub(crate) async fn run(
    args: &RetentionArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let wanted = args
        .policy
        .map(|policy| parse(policy, args.days, args.cap_days))
        .transpose()?;
    let client = context.client(Conduct::Ask).await?;
    let conversation = args.target.resolve(client).await?;
    if let Some(retention) = wanted {
        client
            .conversation(conversation)
            .set_retention(retention)
            .await?;
    }
    let info = client.conversation(conversation).retention().await?;
    output.print(&Held::new(conversation, info))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicting_arguments_are_refused() {
        let policies = [
            Policy::Keep,
            Policy::Default,
            Policy::Days,
            Policy::UntilAcked,
        ];
        let fits = |days, cap| policies.map(|policy| parse(policy, days, cap).is_ok());
        assert_eq!(fits(None, None), [true, true, false, false]);
        assert_eq!(fits(Some(3), None), [false, false, true, false]);
        assert_eq!(fits(None, Some(3)), [false, false, false, true]);
        assert_eq!(fits(Some(3), Some(3)), [false; 4]);
    }
}
