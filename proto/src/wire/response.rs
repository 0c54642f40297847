//! Frames that the server writes on the session stream. The enum grows at the end only.

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;
use crate::wire::codec;
use crate::wire::error::ErrorCode;
use crate::wire::hello::{VisitorWelcome, Welcome};
use crate::wire::request::{Answer, Call};

/// A frame that the server writes on the session stream. The first one is [`ServerFrame::Welcome`],
/// or [`ServerFrame::Visiting`] for a visitor; responses follow in any order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    /// The login succeeded.
    Welcome(Welcome),
    /// The login was refused. The connection closes.
    Refused(ErrorCode),
    /// The response to one request.
    Response(RequestId, Result<Answer, ErrorCode>),
    /// The login of a visitor succeeded.
    Visiting(Box<VisitorWelcome>),
}

/// The position of [`ServerFrame::Response`] among the variants.
const RESPONSE_VARIANT: u32 = 2;

/// The position of [`Ok`] among the variants of a result.
const OK_VARIANT: u32 = 0;

impl ServerFrame {
    /// Appends the response to a successful `C` to `out` as a frame, without an [`Answer`] in
    /// between.
    pub fn write_answer<C: Call>(id: RequestId, answer: &C::Answer, out: &mut Vec<u8>) {
        codec::prefixed(out, |out| {
            codec::encode_into(&(RESPONSE_VARIANT, id, OK_VARIANT), out);
            codec::encode_as_bytes(answer, out);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::message::Draft;
    use crate::ids::MsgId;
    use crate::model::user::{ServerRole, UserInfo, UserState};
    use crate::text::UserName;
    use crate::wire::frame;
    use crate::wire::request::List;
    use crate::wire::request::people::GetUsers;
    use crate::wire::request::session::Focus;

    fn assert_same<C: Call>(answer: &C::Answer) {
        let id = RequestId::new(300);
        let mut written = vec![1, 2, 3];
        ServerFrame::write_answer::<C>(id, answer, &mut written);
        let whole = frame::frame(&ServerFrame::Response(id, Ok(Answer::to::<C>(answer))));
        assert_eq!(written[..3], [1, 2, 3]);
        assert_eq!(written[3..], whole);
    }

    #[test]
    fn written_answers_equal_the_frame() {
        assert_same::<Focus>(&());
        assert_same::<Draft>(&MsgId::new(70_000));
        // Around the lengths at which the prefix gets longer.
        for users in [60, 70, 16_000, 17_000] {
            let user = UserInfo {
                id: crate::ids::UserId::new(1),
                name: UserName::new("a").unwrap(),
                role: ServerRole::Member,
                state: UserState::Active,
            };
            assert_same::<GetUsers>(&List(vec![user; users]));
        }
    }
}
