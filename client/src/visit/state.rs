//! What a visitor's session knows of the desk.

use std::task::Waker;

use cairn_proto::ids::UserId;
use cairn_proto::model::desk::{DeskInfo, VisitorInquiry, VisitorState};
use cairn_proto::model::user::ServerRole;
use cairn_proto::text::{TextError, UserName};
use cairn_proto::wire::hello::{VisitorWelcome, Welcome};
use cairn_proto::wire::overview::{ConversationPage, OverviewExtent};

use crate::session::state::State;

/// The name of a visitor's session where one of a user has its name.
const NAME: &str = "visitor";

/// The desk and the inquiry, as of the latest login or update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VisitState {
    pub(crate) desk: DeskInfo,
    pub(crate) inquiry: Option<VisitorInquiry>,
}

impl From<VisitorWelcome> for VisitState {
    fn from(welcome: VisitorWelcome) -> Self {
        Self {
            desk: welcome.desk,
            inquiry: welcome.inquiry,
        }
    }
}

/// Returns the welcome of a user's session that says the same, without conversations.
pub(crate) fn as_welcome(welcome: &VisitorWelcome) -> Result<Welcome, TextError> {
    Ok(Welcome {
        capabilities: welcome.capabilities,
        user: UserId::VISITOR,
        name: UserName::new(NAME)?,
        role: ServerRole::Member,
        device: welcome.visitor.device(),
        token: None,
        now: welcome.now,
        overview: ConversationPage {
            items: Vec::new(),
            gone: Vec::new(),
            extent: OverviewExtent::All,
            as_of: welcome.as_of,
            next_after: None,
        },
        is_agent: false,
    })
}

impl State {
    /// Handles where the inquiry stands.
    pub(crate) fn inquiry_changed(&mut self, inquiry: &VisitorInquiry) {
        let mut wakers = Vec::new();
        self.each_follower(inquiry.conversation, &mut wakers, |follower| {
            follower.is_member(inquiry.head);
        });
        wakers.into_iter().for_each(Waker::wake);
        if let Some(visit) = &mut self.visit {
            visit.inquiry = Some(inquiry.clone());
        }
    }

    /// Handles the place in the line.
    pub(crate) fn waiting_changed(&mut self, now: (u32, Option<u32>)) {
        let visit = self.visit.as_mut();
        if let Some(inquiry) = visit.and_then(|visit| visit.inquiry.as_mut())
            && let VisitorState::Waiting {
                place,
                about_seconds,
            } = &mut inquiry.state
        {
            (*place, *about_seconds) = now;
        }
    }
}
