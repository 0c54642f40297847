use crate::args::{SKEW, number};

#[test]
fn skew_is_bounded() {
    let parse_skew = number(SKEW);
    assert_eq!(parse_skew("0.8"), Ok(0.8));
    ["-1", "NaN", "inf", "11", "a"]
        .iter()
        .for_each(|raw| assert!(parse_skew(raw).is_err(), "{raw}"));
}
