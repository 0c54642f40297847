//! Requests of visitors about their own inquiry.

use cairn_proto::ids::{UserId, VisitorId};
use cairn_proto::limits::STARS_MAX;
use cairn_proto::model::desk::{ClosedBy, DeskEntry, Rating, RouteStep, VisitorInquiry};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::desk::{EndInquiry, MyInquiry, RateInquiry};

use crate::api::actor::Actor;
use crate::command::{Context, Handle, Visits};
use crate::desk::turn::Turn;
use crate::prefetch::Load;
use crate::record::InquiryRecord;
use crate::state::State;

impl Handle for MyInquiry {
    type Found = ();

    fn visits(&self) -> Visits {
        Visits::Own
    }

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(
        self,
        state: &mut State,
        context: Context<'_>,
    ) -> Result<Option<VisitorInquiry>, ErrorCode> {
        let actor = visitor_only(context.actor)?;
        let id = state.last_inquiry(VisitorId::new(actor.device.get()));
        Ok(id.and_then(|id| state.visitor_inquiry(id)))
    }
}

impl Handle for EndInquiry {
    type Found = ();

    fn visits(&self) -> Visits {
        Visits::In(self.conversation)
    }

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        visitor_only(context.actor)?;
        let record = state.desk.inquiry(self.conversation);
        if record.is_some_and(|record| record.state.is_open()) {
            let mut turn = Turn::new(context.now, context.batch);
            state.close(self.conversation, ClosedBy::Visitor, Vec::new(), &mut turn);
            state.route(&mut turn);
        }
        Ok(())
    }
}

impl Handle for RateInquiry {
    type Found = ();

    fn visits(&self) -> Visits {
        Visits::In(self.conversation)
    }

    fn prefetch(&self, _: Actor, _: &State, _: &mut Vec<Load>) {}

    fn execute(self, state: &mut State, context: Context<'_>) -> Result<(), ErrorCode> {
        visitor_only(context.actor)?;
        let Self {
            conversation: id,
            stars,
            text,
        } = self;
        if !(1..=STARS_MAX).contains(&stars) {
            return Err(ErrorCode::BadRequest);
        }
        let record = state.desk.inquiry(id).ok_or(ErrorCode::NotFound)?;
        if record.state.is_open() {
            return Err(ErrorCode::InquiryOpen);
        }
        let at = context.now;
        let mut turn = Turn::new(at, context.batch);
        match &record.rating {
            Some(rating) if rating.stars == stars && rating.text == text => return Ok(()),
            Some(_) => return Err(ErrorCode::AlreadyRated),
            None => {}
        }
        let (queue, agent) = (record.queue, record.last_agent);
        let record = InquiryRecord {
            rating: Some(Rating { stars, text, at }),
            ..record.clone()
        };
        state.put_inquiry(id, record, &mut turn);
        state.note_change(id, UserId::VISITOR, DeskEntry::Rated { stars }, &mut turn);
        if state.desk.queue(queue).is_some() {
            let step = RouteStep::Rated { stars, agent };
            state.note_step(queue, UserId::VISITOR, id, step, &mut turn);
        }
        state.tell_visitor(id, &mut turn);
        Ok(())
    }
}

fn visitor_only(actor: Actor) -> Result<Actor, ErrorCode> {
    match actor.user == UserId::VISITOR {
        true => Ok(actor),
        false => Err(ErrorCode::Forbidden),
    }
}
