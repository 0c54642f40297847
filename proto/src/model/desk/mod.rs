//! The support desk: visitors ask in inquiries, which wait in queues until agents answer. Enums
//! grow at the end only.

mod act;
mod agent;
mod explained;
mod inquiry;
mod log;
mod queue;
mod route;
mod visitor;

pub use self::act::DeskAct;
pub use self::agent::{
    AgentConfig, AgentInfo, AgentQueue, DeskUpdate, Duty, MyDesk, Offer, OfferEnd,
};
pub use self::explained::{Candidate, CandidateReason, ExplainedInquiry, Verdict};
pub use self::inquiry::{
    ClosedBy, InquiryFilter, InquiryInfo, InquiryPage, InquiryPlace, InquiryState, Rating,
};
pub use self::log::{DeskEntry, ReturnCause, RouteEntry, RouteStep};
pub use self::queue::{
    AnswerMode, DaySpan, DeskKeyInfo, OfficeHours, Overflow, QueueConfig, QueueCounts, QueueInfo,
    Strategy, WeekSpan,
};
pub use self::route::{AttrTest, Canned, RouteCondition, RouteRule};
pub use self::visitor::{Attr, DeskInfo, VisitorInfo, VisitorInquiry, VisitorState};
