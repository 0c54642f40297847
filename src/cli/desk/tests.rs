//! Arguments of the desk's commands.

use cairn_proto::ids::ConversationId;

use super::args::{parse_inquiry, parse_seconds_or_never};

#[test]
fn inquiries_are_numbers() {
    for raw in ["17", "#17", "#id:17", " 17 "] {
        assert_eq!(parse_inquiry(raw), Ok(ConversationId::new(17)), "{raw}");
    }
    for raw in ["", "x", "#sales", "-1", "17x"] {
        assert!(parse_inquiry(raw).is_err(), "{raw}");
    }
}

#[test]
fn never_is_no_time() {
    assert_eq!(parse_seconds_or_never("never"), Ok(0));
    assert_eq!(parse_seconds_or_never("2m"), Ok(120));
    assert!(parse_seconds_or_never("0s").is_err());
}
