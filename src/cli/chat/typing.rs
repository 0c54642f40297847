//! `cairn type`

use std::fmt;
use std::time::Duration;

use cairn_proto::ids::ConversationId;
use clap::Args;
use serde::Serialize;
use tokio::time::{interval, timeout};

use crate::cli::args::duration;
use crate::cli::args::target::Target;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::limits;
use crate::cli::output::Output;

/// Show a typing indicator
///
/// For programs that take a while to answer. Users who have the conversation open see it, as `cairn
/// watch --in` does. Nothing is stored.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn type '#team'
  cairn type @bob --for 30s

JSON, when it has ended
  {\"conversation\":1,\"typed_ms\":5000}")]
pub(crate) struct TypeArgs {
    /// '#group', '@user' or '#id:NUMBER'
    target: Target,

    /// For how long: 45s, 30m, 12h, 7d, 2w
    #[arg(long = "for", value_name = "TIME", default_value = "5s", value_parser = duration::parse)]
    time: Duration,
}

#[derive(Debug, Serialize)]
struct Typed {
    conversation: ConversationId,
    typed_ms: u64,
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.typed_ms / 1000 {
            1 => f.write_str("typed for 1 second"),
            seconds => write!(f, "typed for {seconds} seconds"),
        }
    }
}

pub(crate) async fn run(
    args: &TypeArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let conversation = args.target.resolve(client).await?;
    client.conversation(conversation).focus().await?;
    let mut keys = interval(limits::KEY_INTERVAL);
    let types = async {
        loop {
            keys.tick().await;
            client.conversation(conversation).typing();
        }
    };
    // This future never completes by itself.
    let _: Result<(), _> = timeout(args.time, types).await;
    // The reply also confirms that the connection is still open.
    client.conversations().unfocus().await?;
    output.print(&Typed {
        conversation,
        typed_ms: u64::try_from(args.time.as_millis()).unwrap_or(u64::MAX),
    })
}
