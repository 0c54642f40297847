use crate::live::catchup::device::Arrivals;
use crate::live::catchup::layout;
use serde_json::json;
use std::time::Duration;

#[test]
fn first_median_and_last_are_reported() {
    let mut arrivals = Arrivals::default();
    assert_eq!(arrivals.level_times(), None);
    [1, 2, 4, 8]
        .map(Duration::from_secs)
        .into_iter()
        .for_each(|after| arrivals.level_after.push(after));
    assert_eq!(
        arrivals.level_times(),
        Some(json!({ "first": 1.0, "median": 2.0, "last": 8.0 }))
    );
    arrivals.level_after.push(Duration::from_secs(9));
    assert_eq!(
        arrivals.level_times(),
        Some(json!({ "first": 1.0, "median": 4.0, "last": 9.0 }))
    );
}

use std::collections::HashSet;

#[test]
fn layout_spreads_devices_evenly() {
    for (devices, groups_each, members, groups) in [
        (100, 20, 10, 200),
        (10, 3, 100, 3),
        (7, 5, 4, 9),
        (1, 1, 1, 1),
        (3, 4, 2, 6),
    ] {
        let (own, count) = layout(devices, groups_each, members);
        assert_eq!((own.len(), count), (devices, groups));
        let mut sizes = vec![0; groups];
        for own in own {
            assert_eq!(own.iter().collect::<HashSet<_>>().len(), groups_each);
            own.iter().for_each(|&group| sizes[group] += 1);
        }
        let (least, most) = (sizes.iter().min().unwrap(), sizes.iter().max().unwrap());
        assert!(most - least <= 1 && *least > 0, "{sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), devices * groups_each);
    }
}
