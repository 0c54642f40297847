//! `cairn bench` as people run it.

mod catchup;
mod mixed;

use serde_json::Value;

use crate::support::cairn;

/// The one object that a run prints, which must end well.
fn bench(args: &[&str]) -> Value {
    let output = cairn(&[&["bench"], args, &["--json"]].concat()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything came once and in order.
fn assert_sound(found: &Value) {
    let is_none = |name: &&str| assert_eq!(found[name], 0, "{name}: {found}");
    ["missing", "duplicates", "out_of_order"].iter().for_each(is_none);
}
