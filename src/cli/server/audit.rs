//! `cairn audit`

use std::fmt;
use std::time::Duration;

use cairn_client::Client;
use cairn_proto::ids::{ConversationId, LinkId, UserId};
use cairn_proto::model::audit::{AuditAct, AuditRecord};
use cairn_proto::model::desk::DeskAct;
use clap::Args;
use serde::{Serialize, Serializer};

use crate::cli::chat::names::Names;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;
use crate::ui::time::Local;

/// How often a followed log is read.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(1);

/// Show what owners and admins of the server did, as its owner
///
/// Each act is recorded before it takes effect: invites, roles, settings, accounts, imports, and
/// what was read of others. Records hold no messages and no secrets, and are kept for as many days
/// as the setting "audit-days" says.
#[derive(Debug, Args)]
#[command(after_help = "EXAMPLES
  cairn audit
  cairn audit --limit 1000 --json | jq -r 'select(.actor == \"bob\") | .act'
  cairn audit --follow

JSON, a line for each record; the fields after act depend on it
  {\"number\":7,\"at_ms\":1700000000000,\"actor\":\"ada\",\"device\":\"8243712345\",\
     \"act\":\"role-set\",
   \"user\":\"bob\",\"before\":\"member\",\"after\":\"admin\"}
  acts: invite-created invite-revoked setting-set role-set unread-explained imported renamed claimed
        deactivated reactivated reset-created member-removed owner-appointed desk-queue-created
        desk-queue-changed desk-queue-removed desk-agent-set desk-agent-removed desk-rules-set
        desk-canned-set desk-canned-removed desk-link-created desk-link-revoked
        desk-visitor-erased")]
pub(crate) struct AuditArgs {
    /// Show at most this many of the newest records
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u64,

    /// Show new records as they come, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    number: u64,
    at_ms: u64,
    actor: String,
    /// As text: a script's number may not hold it.
    device: String,
    act: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<ConversationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<String>,
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "serialize_link"
    )]
    link: Option<LinkId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uses: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(skip)]
    words: String,
}

fn serialize_link<S: Serializer>(link: &Option<LinkId>, serializer: S) -> Result<S::Ok, S::Error> {
    match link {
        Some(link) => serializer.collect_str(link),
        None => serializer.serialize_none(),
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            at_ms,
            actor,
            words,
            ..
        } = self;
        write!(f, "{}  {actor:12}  {words}", Local(*at_ms))
    }
}

impl Row {
    fn of(record: AuditRecord, names: &Names) -> Self {
        let row = Self {
            number: record.number,
            at_ms: record.at.get(),
            actor: names.of(record.actor).into_owned(),
            device: record.device.to_string(),
            act: record.act.as_str(),
            user: None,
            conversation: None,
            setting: None,
            link: None,
            uses: None,
            before: None,
            after: None,
            words: words(&record.act, names),
        };
        row.with_fields_of(record.act, names)
    }

    fn with_fields_of(mut self, act: AuditAct, names: &Names) -> Self {
        let mut named = |user: UserId| self.user = Some(names.of(user).into_owned());
        match act {
            AuditAct::InviteCreated { id, uses, .. } => {
                (self.link, self.uses) = (Some(id), Some(uses));
            }
            AuditAct::InviteRevoked { id, maker } => {
                maker.into_iter().for_each(named);
                self.link = Some(id);
            }
            AuditAct::SettingSet {
                name,
                before,
                after,
            } => {
                self.setting = Some(name.to_string());
                (self.before, self.after) = (Some(before.to_string()), Some(after.to_string()));
            }
            AuditAct::RoleSet {
                user,
                before,
                after,
            } => {
                named(user);
                self.before = Some(before.as_str().to_owned());
                self.after = Some(after.as_str().to_owned());
            }
            AuditAct::Renamed {
                user,
                before,
                after,
            } => {
                named(user);
                (self.before, self.after) = (Some(before.to_string()), Some(after.to_string()));
            }
            AuditAct::Claimed { imported, user } => {
                named(user);
                self.before = Some(names.of(imported).into_owned());
            }
            AuditAct::ResetCreated { user, id } => {
                named(user);
                self.link = Some(id);
            }
            AuditAct::UnreadExplained { user, conversation }
            | AuditAct::MemberRemoved { user, conversation }
            | AuditAct::OwnerAppointed { user, conversation } => {
                named(user);
                self.conversation = Some(conversation);
            }
            AuditAct::Imported { conversation, .. } => self.conversation = Some(conversation),
            AuditAct::Deactivated { user } | AuditAct::Reactivated { user } => named(user),
            AuditAct::Desk(act) => return self.with_fields_of_desk(act, names),
        }
        self
    }

    fn with_fields_of_desk(mut self, act: DeskAct, names: &Names) -> Self {
        match act {
            DeskAct::QueueCreated { queue, name } => {
                self.conversation = Some(queue);
                self.after = Some(name.to_string());
            }
            DeskAct::QueueChanged {
                queue,
                before,
                after,
            } => {
                self.conversation = Some(queue);
                (self.before, self.after) = (Some(before.to_string()), Some(after.to_string()));
            }
            DeskAct::QueueRemoved { queue, name } => {
                self.conversation = Some(queue);
                self.before = Some(name.to_string());
            }
            DeskAct::AgentSet { user } | DeskAct::AgentRemoved { user } => {
                self.user = Some(names.of(user).into_owned());
            }
            DeskAct::RulesSet { before, after } => {
                (self.before, self.after) = (Some(before.to_string()), Some(after.to_string()));
            }
            DeskAct::CannedSet { name } => self.after = Some(name.to_string()),
            DeskAct::CannedRemoved { name } => self.before = Some(name.to_string()),
            DeskAct::LinkCreated { id, queue } | DeskAct::LinkRevoked { id, queue } => {
                (self.link, self.conversation) = (Some(id), Some(queue));
            }
            DeskAct::VisitorErased { inquiries } => self.before = Some(inquiries.to_string()),
        }
        self
    }
}

/// What was done, for people.
fn words(act: &AuditAct, names: &Names) -> String {
    match act {
        AuditAct::InviteCreated {
            id,
            uses,
            expires_at,
        } => format!(
            "created invite {id} for {uses}, until {}",
            Local(expires_at.get())
        ),
        AuditAct::InviteRevoked {
            id,
            maker: Some(maker),
        } => format!("revoked invite {id} of {}", names.of(*maker)),
        AuditAct::InviteRevoked { id, maker: None } => format!("revoked invite {id}"),
        AuditAct::SettingSet {
            name,
            before,
            after,
        } => format!("set {name}: {before} -> {after}"),
        AuditAct::RoleSet {
            user,
            before,
            after,
        } => {
            let (before, after) = (before.as_str(), after.as_str());
            format!("set the role of {}: {before} -> {after}", names.of(*user))
        }
        AuditAct::Renamed { before, after, .. } => format!("renamed {before} to {after}"),
        AuditAct::Claimed { imported, user } => {
            format!("said that {} is {}", names.of(*imported), names.of(*user))
        }
        AuditAct::Imported {
            conversation,
            source,
        } => format!("imported log {source} into #id:{conversation}"),
        AuditAct::ResetCreated { user, id } => {
            format!("created reset link {id} for {}", names.of(*user))
        }
        AuditAct::UnreadExplained { user, conversation } => format!(
            "read the unread count of {} in #id:{conversation}",
            names.of(*user)
        ),
        AuditAct::MemberRemoved { user, conversation } => {
            format!("removed {} from #id:{conversation}", names.of(*user))
        }
        AuditAct::OwnerAppointed { user, conversation } => {
            format!("made {} an owner of #id:{conversation}", names.of(*user))
        }
        AuditAct::Desk(act) => desk_words(act, names),
        AuditAct::Deactivated { user } => format!("deactivated {}", names.of(*user)),
        AuditAct::Reactivated { user } => format!("reactivated {}", names.of(*user)),
    }
}

/// What was done with the support desk, for people.
fn desk_words(act: &DeskAct, names: &Names) -> String {
    match act {
        DeskAct::QueueCreated { name, .. } => format!("created the queue {name}"),
        DeskAct::QueueChanged { before, after, .. } if before == after => {
            format!("changed the queue {before}")
        }
        DeskAct::QueueChanged { before, after, .. } => {
            format!("renamed the queue {before} to {after}")
        }
        DeskAct::QueueRemoved { name, .. } => format!("removed the queue {name}"),
        DeskAct::AgentSet { user } => format!("set the agent {}", names.of(*user)),
        DeskAct::AgentRemoved { user } => format!("removed the agent {}", names.of(*user)),
        DeskAct::RulesSet { before, after } => format!("set routing rules: {before} -> {after}"),
        DeskAct::CannedSet { name } => format!("set the canned reply {}", Sanitized(name.as_str())),
        DeskAct::CannedRemoved { name } => {
            format!("removed the canned reply {}", Sanitized(name.as_str()))
        }
        DeskAct::LinkCreated { id, queue } => format!("created link {id} to queue {queue}"),
        DeskAct::LinkRevoked { id, queue } => format!("revoked link {id} to queue {queue}"),
        DeskAct::VisitorErased { inquiries: 1 } => "erased a visitor with 1 inquiry".to_owned(),
        DeskAct::VisitorErased { inquiries } => {
            format!("erased a visitor with {inquiries} inquiries")
        }
    }
}

/// The users that a record names.
fn users_of(record: &AuditRecord) -> Vec<UserId> {
    let mut users = vec![record.actor];
    match record.act {
        AuditAct::InviteRevoked { maker, .. } => users.extend(maker),
        AuditAct::Claimed { imported, user } => users.extend([imported, user]),
        AuditAct::RoleSet { user, .. }
        | AuditAct::UnreadExplained { user, .. }
        | AuditAct::Renamed { user, .. }
        | AuditAct::Deactivated { user }
        | AuditAct::Reactivated { user }
        | AuditAct::ResetCreated { user, .. }
        | AuditAct::MemberRemoved { user, .. }
        | AuditAct::OwnerAppointed { user, .. }
        | AuditAct::Desk(DeskAct::AgentSet { user } | DeskAct::AgentRemoved { user }) => {
            users.push(user);
        }
        AuditAct::InviteCreated { .. }
        | AuditAct::SettingSet { .. }
        | AuditAct::Imported { .. }
        | AuditAct::Desk(_) => {}
    }
    users
}

pub(crate) async fn run(
    args: &AuditArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let end = client.admin().audit(u64::MAX).await?.last;
    let first = end.saturating_sub(args.limit).saturating_add(1);
    let mut names = Names::of_accounts();
    let mut next = print_from(first, client, &mut names, output).await?;
    if !args.follow {
        return Ok(());
    }
    loop {
        tokio::time::sleep(FOLLOW_INTERVAL).await;
        next = print_from(next, client, &mut names, output).await?;
    }
}

/// Prints all records from `next` on. Returns the number of the one after them.
async fn print_from(
    mut next: u64,
    client: &Client,
    names: &mut Names,
    output: &mut Output,
) -> Result<u64, Failure> {
    loop {
        let page = client.admin().audit(next).await?;
        let Some(newest) = page.records.last().map(|record| record.number) else {
            return Ok(next);
        };
        let users: Vec<UserId> = page.records.iter().flat_map(users_of).collect();
        names.learn_users(client, &users).await?;
        for record in page.records {
            output.print(&Row::of(record, names))?;
        }
        output.flush()?;
        next = newest.saturating_add(1);
        if newest >= page.last {
            return Ok(next);
        }
    }
}
