//! `cairn doctor`

use std::fmt;

use cairn_proto::ids::{ConversationId, MsgId, UserId};
use cairn_proto::response::Explained;
use cairn_proto::text::UserName;
use clap::Args;
use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::session::{Conduct, Context};
use super::target::{Target, find_user, parse_user};

/// Look into how things stand
///
/// Explains what a member's unread number is made of: one's own, or anybody's for owners and admins of the server.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn doctor --explain '#team' ada
  cairn doctor --explain '#team' ada --json")]
pub(super) struct DoctorArgs {
    /// What the unread number of a member is made of
    #[arg(long, required = true, num_args = 2, value_names = ["TARGET", "USER"])]
    explain: Vec<String>,
}

/// An unread number, taken apart.
#[derive(Debug, Serialize)]
struct Explanation {
    conversation: ConversationId,
    user: UserId,
    name: UserName,
    head: MsgId,
    floor: MsgId,
    joined: MsgId,
    read: MsgId,
    base: MsgId,
    uncounted: u64,
    unread: u64,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, name, head, floor, joined, read, base, uncounted, unread, .. } = self;
        writeln!(f, "{name} has {unread} unread in '#id:{conversation}'")?;
        writeln!(f, "  base   = max(read {read}, floor {floor}, joined {joined} - 1) = {base}")?;
        write!(f, "  unread = head {head} - base {base} - {uncounted} entries that are no messages of others = {unread}")
    }
}

impl Explanation {
    fn new(conversation: ConversationId, user: UserId, name: UserName, explained: Explained) -> Self {
        let Explained { head, floor, joined, read, uncounted, unread } = explained;
        let base = read.max(floor).max(joined.prev());
        Self { conversation, user, name, head, floor, joined, read, base, uncounted, unread }
    }

    /// Whether the parts make the whole.
    fn adds_up(&self) -> bool {
        self.head.above(self.base).checked_sub(self.uncounted) == Some(self.unread)
    }
}

pub(super) fn run(args: &DoctorArgs, context: &Context) -> Result<(), Failure> {
    let [target, user] = args.explain.as_slice() else {
        return Err(Failure::new(Exit::Usage, "--explain takes a target and a user"));
    };
    let usage = |what: &str, error: &dyn fmt::Display| Failure::new(Exit::Usage, format!("{what}: {error}"));
    let target: Target = target.parse().map_err(|error| usage(target, &error))?;
    let name = parse_user(user).map_err(|error| usage(user, &error))?;
    context.with_client(Conduct::Ask, async |client, output| {
        let conversation = target.resolve(client).await?;
        let user = find_user(client, &name).await?;
        let explained = client.explain(conversation, user.id).await?;
        let explanation = Explanation::new(conversation, user.id, user.name, explained);
        output.print(&explanation)?;
        match explanation.adds_up() {
            true => Ok(()),
            false => Err(Failure::new(Exit::Failed, "the parts do not make the whole: this is a fault of the server")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explanation(read: u64, floor: u64, joined: u64, unread: u64) -> Explanation {
        let (floor, joined, read) = (MsgId::new(floor), MsgId::new(joined), MsgId::new(read));
        let explained = Explained { head: MsgId::new(20), floor, joined, read, uncounted: 3, unread };
        Explanation::new(ConversationId::new(1), UserId::new(2), UserName::new("ada").unwrap(), explained)
    }

    #[test]
    fn the_formula_is_shown_with_its_numbers() {
        let expected = "ada has 12 unread in '#id:1'\n  base   = max(read 5, floor 0, joined 1 - 1) = 5\n  \
                        unread = head 20 - base 5 - 3 entries that are no messages of others = 12";
        assert_eq!(explanation(5, 0, 1, 12).to_string(), expected);
    }

    #[test]
    fn a_sum_that_is_wrong_is_noticed() {
        assert!(explanation(5, 0, 1, 12).adds_up());
        assert!(explanation(0, 5, 1, 12).adds_up());
        assert!(explanation(0, 0, 6, 12).adds_up());
        assert!(!explanation(5, 0, 1, 13).adds_up());
    }
}
