use super::super::progress::*;
use crate::storage::limits::FILL_PARTS;

fn progress(samples: &[(u64, f64)]) -> Progress {
    let sample = |&(messages, seconds)| Sample {
        messages,
        seconds,
        messages_per_s: 0.0,
        disk_bytes: 0,
        memory_mib: None,
    };
    let mut progress = Progress::begin(100);
    progress.samples = samples.iter().map(sample).collect();
    progress
}

#[test]
fn tenth_has_its_own_speed() {
    // The first half runs at 100 a second, the second at 50.
    let progress = progress(&[(50, 0.5), (100, 1.5)]);
    let near = |tenth, expected: f64| {
        assert!(
            (progress.tenth_per_s(tenth).unwrap() - expected).abs() < 0.01,
            "{tenth}"
        )
    };
    [(0, 100.0), (1, 100.0), (4, 100.0), (5, 50.0), (9, 50.0)]
        .iter()
        .for_each(|&(tenth, expected)| near(tenth, expected));
}

#[test]
fn empty_fill_has_no_speed() {
    assert_eq!(
        (progress(&[]).tenth_per_s(1), progress(&[]).texts_share()),
        (None, None)
    );
}

#[test]
fn samples_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let mut progress = Progress::begin(100_000);
    for messages in (10..=100_000).step_by(10) {
        if progress.is_due(messages) {
            progress.sample(messages, folder.path());
        }
    }
    progress.sample(100_000, folder.path());
    assert_eq!(progress.samples.len() as u64, FILL_PARTS);
    assert_eq!(
        (progress.last().messages, progress.samples[0].messages),
        (100_000, 1_000)
    );
    assert!(
        progress
            .samples
            .iter()
            .all(|mark| mark.messages_per_s > 0.0),
        "{:?}",
        progress.samples
    );
}
