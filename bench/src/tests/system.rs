use crate::system::*;
use std::fs;
use std::path::Path;

#[test]
fn folder_size_is_the_sum_of_its_files() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("inner")).unwrap();
    fs::write(folder.path().join("a"), [1; 100_000]).unwrap();
    fs::write(folder.path().join("inner/b"), [2; 50_000]).unwrap();
    #[cfg(unix)]
    fs::File::create(folder.path().join("hole"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let bytes = bytes_below(folder.path());
    assert!((150_000..300_000).contains(&bytes), "{bytes}");
    assert_eq!(bytes_below(&folder.path().join("none")), 0);
}

#[test]
#[cfg(target_os = "linux")]
fn process_usage_is_reported() {
    let process = std::process::id();
    assert!(resident_mib(process) <= resident_mib_max(process));
    assert!(resident_mib(process).unwrap() > 0.5 && cpu_seconds(process).unwrap() >= 0.0);
    assert!(written_bytes(process).is_some() && !is_in_memory(Path::new("/proc")));
    assert!(bytes_free(Path::new("/")).is_some());
    assert_eq!(bytes_free(Path::new("/there/is/none")), None);
}
