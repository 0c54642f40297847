//! The report.

use super::Measured;
use crate::results::{Results, Unit, list};

const MICROS: Unit = Unit::new(0, " µs");

/// `long` has many messages in one conversation, `many` has many conversations.
pub(super) fn results(long: Option<Measured>, many: Option<Measured>) -> Results {
    let mut results = Results::default();
    let (long, many) = (long.as_ref(), many.as_ref());
    let (ms, us) = (Unit::MILLIS, MICROS);
    list!(results;
        "first_frame_ms": long.map(|of| of.list_ms + of.window_ms), ms, "first frame" =>
            "with the long conversation open: the cache opened, conversations restored, the end \
             of the log read, rows built; processor time, as all times here";
        "list_ms": long.map(|of| of.list_ms), ms, "of that the list" =>
            "until the list of conversations can be shown";
        "page_us": long.map(|of| of.page_us.median), us, "page of scrolling" =>
            "40 rows further back: entries from the cache, and the rows; median";
        "page_us_max": long.map(|of| of.page_us.max), us, "longest page" => "of 200";
        "resident_mib": long.and_then(|of| of.resident_mib), Unit::MIB, "memory" =>
            "of the process, after scrolling";
        "message_us": long.map(|of| of.message_us), us, "message" =>
            "that arrives: applied, counted, written to the cache";
        "views_us": long.map(|of| of.views_us.median), us, "views of a frame" =>
            "list, totals and window, after the messages of a 60th of a second; median";
        "frame_us": drawn(long, |of| of.frame_us.median), us, "frame" =>
            "views copied and drawn on 120×40, after the messages of a 60th of a second; median";
        "frame_us_max": drawn(long, |of| of.frame_us.max), us, "longest frame" => "of 600";
        "key_us": drawn(long, |of| of.key_us.median), us, "key" =>
            "typed, and drawn, between such frames; median";
        "key_us_max": drawn(long, |of| of.key_us.max), us, "longest key" => "of 600";
        "many_list_ms": many.map(|of| of.list_ms), ms, "start with many conversations" =>
            "until their list can be shown";
        "many_message_us": many.map(|of| of.message_us), us, "message among many" =>
            "as above, with many conversations";
        "many_views_us": many.map(|of| of.views_us.median), us, "views among many" =>
            "as above, with many conversations";
        "many_views_us_max": many.map(|of| of.views_us.max), us, "longest views" =>
            "of 600 frames";
        "many_frame_us": drawn(many, |of| of.frame_us.median), us, "frame among many" =>
            "as above, with many conversations";
        "many_frame_us_max": drawn(many, |of| of.frame_us.max), us, "longest frame" => "of 600";
        "many_key_us": drawn(many, |of| of.key_us.median), us, "key among many" =>
            "as above, with many conversations";
        "many_switcher_us": many.map(|of| of.switcher_us.median), us, "query of the switcher" =>
            "among many conversations; median";
        "many_resident_mib": many.and_then(|of| of.resident_mib), Unit::MIB, "memory with many" =>
            "of the process, with many conversations";
    );
    results
}

/// Drawing is measured only where the program has a client that draws.
fn drawn(of: Option<&Measured>, time: impl Fn(&Measured) -> f64) -> Option<f64> {
    of.map(time).filter(|time| *time > 0.0)
}
