//! Keywords of the model.

use cairn_core::api::actor::Actor;
use cairn_proto::text::Keyword;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::event::AccountUpdate;
use cairn_proto::wire::request::List;

use crate::model::naive::Naive;

const KEYWORDS_MAX: usize = 64;

impl Naive {
    pub(in crate::model) fn change_keywords(
        &mut self,
        actor: Actor,
        add: &[Keyword],
        remove: &[Keyword],
    ) -> Result<List<Keyword>, ErrorCode> {
        if add.len().max(remove.len()) > KEYWORDS_MAX {
            return Err(ErrorCode::BadRequest);
        }
        let before = self.users[&actor.user].keywords.clone();
        let is_in = |list: &[Keyword], keyword: &Keyword| {
            list.iter().any(|other| other.folded() == keyword.folded())
        };
        let kept = before.iter().filter(|keyword| !is_in(remove, keyword));
        let mut after: Vec<Keyword> = kept.cloned().collect();
        for keyword in add {
            if !is_in(&after, keyword) {
                after.push(keyword.clone());
            }
        }
        if after.len() > KEYWORDS_MAX {
            return Err(ErrorCode::LimitReached);
        }
        if after != before {
            self.account_changed(actor.user, AccountUpdate::Keywords(after.clone()));
            self.users.get_mut(&actor.user).unwrap().keywords = after.clone();
        }
        Ok(List(after))
    }
}
