//! Acts on groups: settings, members and roles.

use cairn_client::Error;
use cairn_client::proto::ids::{ConversationId, Timestamp};
use cairn_client::proto::model::group::{Access, GroupSettings, JoinerHistory, Role};
use cairn_client::proto::text::{GroupName, Topic};

use super::super::script::{Act, Chat, GroupRules};
use super::interpreter::{Interpreter, Outcome};

impl Interpreter {
    pub(super) async fn perform_in_group(&self, act: &Act) -> Result<Outcome, Error> {
        let (client, user) = (&self.client, |number: usize| self.world.users[number]);
        // A number beyond the created groups maps to an id that no group has.
        let group = |number| {
            let id = self.conversation(Chat::Group(number));
            client.conversation(id.unwrap_or(ConversationId::new(u64::from(u32::MAX))))
        };
        match *act {
            Act::Rename { group: at, name } => {
                group(at).rename(group_name(name)).await?;
            }
            Act::SetTopic { group: at, topic } => {
                let topic = Topic::new(format!("topic {topic}")).unwrap();
                group(at).set_topic(topic).await?;
            }
            Act::SetGroupSettings { group: at, rules } => {
                group(at).set_group_settings(settings(rules)).await?;
            }
            Act::SetRole {
                group: at,
                member,
                role,
            } => group(at).set_role(user(member), role).await?,
            Act::HandOver { group: at, member } => {
                group(at).hand_over(user(member)).await?;
            }
            Act::Add {
                group: at,
                user: added,
            } => {
                return changed(group(at).add_members(vec![user(added)]).await?);
            }
            Act::Kick { group: at, member } => {
                let members = vec![user(member)];
                return changed(group(at).remove_members(members).await?);
            }
            Act::Leave { group: at } => {
                let members = vec![user(self.by.user)];
                return changed(group(at).remove_members(members).await?);
            }
            Act::Join { group: at } => group(at).join().await?,
            Act::Ban {
                group: at,
                user: banned,
            } => {
                return changed(group(at).ban(vec![user(banned)]).await?);
            }
            Act::Unban {
                group: at,
                user: banned,
            } => {
                return changed(group(at).unban(vec![user(banned)]).await?);
            }
            Act::Mute {
                group: at,
                member,
                is_over,
            } => {
                let until = Timestamp::new(if is_over { 0 } else { u64::MAX });
                group(at).mute(user(member), until).await?;
            }
            _ => return Ok(Outcome::Nothing),
        }
        Ok(Outcome::Done)
    }
}

/// A request that affected no user does not count as done.
const fn changed(users: u32) -> Result<Outcome, Error> {
    Ok(if users == 0 {
        Outcome::Nothing
    } else {
        Outcome::Done
    })
}

pub(super) fn group_name(name: usize) -> GroupName {
    GroupName::new(format!("name {name}")).unwrap()
}

fn settings(rules: GroupRules) -> GroupSettings {
    GroupSettings {
        access: if rules.is_open {
            Access::Open
        } else {
            Access::InviteOnly
        },
        history: if rules.from_join {
            JoinerHistory::FromJoin
        } else {
            JoinerHistory::All
        },
        post: if rules.is_announcement {
            Role::Admin
        } else {
            Role::Member
        },
        ..GroupSettings::default()
    }
}
