//! Which requests visitors may make, and what the server checks of requests about the desk before
//! the state machine decides them.

use cairn_proto::content::body::Body;
use cairn_proto::content::message::Draft;
use cairn_proto::limits::VISITOR_TEXT_BYTES_MAX;
use cairn_proto::model::desk::QueueConfig;
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::{
    DeskRequest, MessageRequest, ReadingRequest, Request, SessionRequest,
};

use crate::desk::hours::knows_zone;

/// Checks a request of a session.
///
/// # Errors
///
/// Why it is not passed on.
pub(crate) fn check(request: &Request, is_visitor: bool) -> Result<(), ErrorCode> {
    if is_visitor && !is_for_visitors(request) {
        return Err(ErrorCode::Forbidden);
    }
    if let Request::Message(MessageRequest::Send(draft)) = request
        && is_visitor
        && is_too_long(draft)
    {
        return Err(ErrorCode::BadRequest);
    }
    let config = match request {
        Request::Desk(DeskRequest::CreateQueue(call)) => &call.config,
        Request::Desk(DeskRequest::SetQueue(call)) => &call.config,
        _ => return Ok(()),
    };
    match has_known_zone(config) {
        true => Ok(()),
        false => Err(ErrorCode::BadRequest),
    }
}

/// A closed list, apart from the permissions of the state machine: a request that is added to the
/// protocol is refused here until someone decides otherwise.
const fn is_for_visitors(request: &Request) -> bool {
    matches!(
        request,
        Request::Message(MessageRequest::Send(_))
            | Request::Reading(ReadingRequest::Ack(_) | ReadingRequest::MarkRead(_))
            | Request::Session(
                SessionRequest::OpenInquiry(_) | SessionRequest::Pull(_) | SessionRequest::Focus(_)
            )
            | Request::Desk(
                DeskRequest::MyInquiry(_)
                    | DeskRequest::EndInquiry(_)
                    | DeskRequest::RateInquiry(_)
            )
    )
}

/// Returns whether the text of a message is longer than visitors may send.
fn is_too_long(draft: &Draft) -> bool {
    let (body, _) = draft.content.clone().into_parts();
    matches!(body, Body::Text(text) if text.as_str().len() > VISITOR_TEXT_BYTES_MAX)
}

/// Zones are known to machines, not to the state machine, whose decisions must not depend on them.
fn has_known_zone(config: &QueueConfig) -> bool {
    let hours = config.hours.as_ref();
    hours.is_none_or(|hours| knows_zone(&hours.zone))
}
