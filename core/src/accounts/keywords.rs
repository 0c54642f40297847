//! Keywords: words that notify a user as a mention does. Clients look for them; the server only
//! keeps them the same on all devices.

use cairn_proto::limits::KEYWORDS_MAX;
use cairn_proto::text::Keyword;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::List;
use cairn_proto::wire::request::people::{ChangeKeywords, GetKeywords};

use crate::api::actor::Actor;
use crate::api::change::Change;
use crate::command::{Context, Handle};
use crate::prefetch::Load;
use crate::reading::publish::publish_account;
use crate::record::UserRecord;
use crate::state::State;

impl Handle for GetKeywords {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<List<Keyword>, ErrorCode> {
        let user = state.users.get(&context.actor.user);
        let user = user.ok_or(ErrorCode::AuthFailed)?;
        Ok(List(user.record.keywords.clone()))
    }
}

impl Handle for ChangeKeywords {
    type Found = ();

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<List<Keyword>, ErrorCode> {
        let Context { actor, batch, .. } = context;
        let Self { add, remove } = self;
        if add.len() > KEYWORDS_MAX || remove.len() > KEYWORDS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let user = state.users.get(&actor.user).ok_or(ErrorCode::AuthFailed)?;
        let mut keywords = user.record.keywords.clone();
        let removed: Vec<String> = remove.iter().map(Keyword::folded).collect();
        keywords.retain(|known| !removed.contains(&known.folded()));
        for keyword in add {
            let key = keyword.folded();
            if !keywords.iter().any(|known| known.folded() == key) {
                keywords.push(keyword);
            }
        }
        if keywords.len() > KEYWORDS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        if keywords != user.record.keywords {
            let record = UserRecord {
                keywords: keywords.clone(),
                ..user.record.clone()
            };
            state.make(&Change::User(actor.user, record), batch);
            publish_account(actor.user, AccountUpdate::Keywords(keywords.clone()), batch);
        }
        Ok(List(keywords))
    }
}
