//! The size and the length of a video in an MP4 or MOV file.

use std::io::{self, Read, Seek, SeekFrom};

/// Boxes of a file that are looked at.
const BOXES_MAX: usize = 10_000;

/// The size and the length of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) duration_ms: u64,
}

/// A box: its kind, and where its content is.
struct Part {
    kind: [u8; 4],
    start: u64,
    end: u64,
}

/// Finds the first video of a file. Returns `None` if it has none, as a file of another format.
pub(super) fn find(file: &mut (impl Read + Seek)) -> io::Result<Option<Found>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut boxes_left = BOXES_MAX;
    let mut top = Parts::new(0, end);
    match top.next(file, &mut boxes_left)? {
        Some(first) if first.kind == *b"ftyp" => {}
        _ => return Ok(None),
    }
    while let Some(part) = top.next(file, &mut boxes_left)? {
        if part.kind == *b"moov" {
            return in_movie(file, &part, &mut boxes_left);
        }
    }
    Ok(None)
}

fn in_movie(
    file: &mut (impl Read + Seek),
    movie: &Part,
    boxes_left: &mut usize,
) -> io::Result<Option<Found>> {
    let (mut duration_ms, mut size) = (None, None);
    let mut parts = Parts::new(movie.start, movie.end);
    while let Some(part) = parts.next(file, boxes_left)? {
        match &part.kind {
            b"mvhd" => duration_ms = duration(&head(file, &part)?),
            b"trak" if size.is_none() => size = in_track(file, &part, boxes_left)?,
            _ => {}
        }
    }
    let found = size.zip(duration_ms);
    Ok(found.map(|((width, height), duration_ms)| Found {
        width,
        height,
        duration_ms,
    }))
}

/// Returns the size of a track, which only pictures have.
fn in_track(
    file: &mut (impl Read + Seek),
    track: &Part,
    boxes_left: &mut usize,
) -> io::Result<Option<(u32, u32)>> {
    let mut parts = Parts::new(track.start, track.end);
    while let Some(part) = parts.next(file, boxes_left)? {
        if part.kind == *b"tkhd" {
            return Ok(size(&head(file, &part)?));
        }
    }
    Ok(None)
}

/// The boxes between two places, one after another.
struct Parts {
    at: u64,
    end: u64,
}

impl Parts {
    const fn new(at: u64, end: u64) -> Self {
        Self { at, end }
    }

    fn next(
        &mut self,
        file: &mut (impl Read + Seek),
        boxes_left: &mut usize,
    ) -> io::Result<Option<Part>> {
        if self.end.saturating_sub(self.at) < 8 || *boxes_left == 0 {
            return Ok(None);
        }
        *boxes_left -= 1;
        file.seek(SeekFrom::Start(self.at))?;
        let mut start = self.at + 8;
        let bytes = u64::from(u32::from_be_bytes(array(file)?));
        let kind = array(file)?;
        let bytes = match bytes {
            // Up to the end.
            0 => self.end - self.at,
            1 => {
                start += 8;
                u64::from_be_bytes(array(file)?)
            }
            bytes => bytes,
        };
        let end = self.at.saturating_add(bytes);
        if end < start || end > self.end {
            return Ok(None);
        }
        self.at = end;
        Ok(Some(Part { kind, start, end }))
    }
}

/// The longest head of a movie or a track.
const HEAD_BYTES_MAX: u64 = 128;

fn head(file: &mut (impl Read + Seek), part: &Part) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(part.start))?;
    let mut head = Vec::new();
    let bytes = (part.end - part.start).min(HEAD_BYTES_MAX);
    file.take(bytes).read_to_end(&mut head)?;
    Ok(head)
}

fn array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let number = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_be_bytes(number))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let number = bytes.get(at..at + 8)?.try_into().ok()?;
    Some(u64::from_be_bytes(number))
}

/// The length of a movie, from its head. Times are longer in the second version of heads.
fn duration(head: &[u8]) -> Option<u64> {
    let (per_second, units) = match head.first()? {
        0 => (u32_at(head, 12)?, u64::from(u32_at(head, 16)?)),
        _ => (u32_at(head, 20)?, u64_at(head, 24)?),
    };
    let millis = u128::from(units) * 1000;
    let millis = millis.checked_div(u128::from(per_second))?;
    u64::try_from(millis).ok()
}

/// The size of a track as it is shown, from its head.
fn size(head: &[u8]) -> Option<(u32, u32)> {
    let matrix = match head.first()? {
        0 => 40,
        _ => 52,
    };
    // Numbers with 16 bits after the point.
    let (width, height) = (
        u32_at(head, matrix + 36)? >> 16,
        u32_at(head, matrix + 40)? >> 16,
    );
    let is_turned = u32_at(head, matrix)? == 0 && u32_at(head, matrix + 16)? == 0;
    match (width, height) {
        (0, _) | (_, 0) => None,
        (width, height) if is_turned => Some((height, width)),
        size => Some(size),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn part(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let bytes = content.len() as u32 + 8;
        [&bytes.to_be_bytes()[..], kind, content].concat()
    }

    fn movie_head(is_long: bool, per_second: u32, units: u32) -> Vec<u8> {
        let mut head = vec![u8::from(is_long), 0, 0, 0];
        head.extend(vec![0; if is_long { 16 } else { 8 }]);
        head.extend(per_second.to_be_bytes());
        head.extend(vec![0; if is_long { 4 } else { 0 }]);
        head.extend(units.to_be_bytes());
        head.extend([0; 80]);
        part(b"mvhd", &head)
    }

    fn track(is_long: bool, is_turned: bool, width: u32, height: u32) -> Vec<u8> {
        let mut head = vec![u8::from(is_long), 0, 0, 7];
        head.extend(vec![0; if is_long { 48 } else { 36 }]);
        let one = 1 << 16;
        let matrix = match is_turned {
            false => [one, 0, 0, 0, one, 0, 0, 0, 1 << 30],
            true => [0, one, 0, one, 0, 0, 0, 0, 1 << 30],
        };
        for number in matrix.into_iter().chain([width << 16, height << 16]) {
            head.extend(u32::to_be_bytes(number));
        }
        part(b"trak", &part(b"tkhd", &head))
    }

    fn video(is_long: bool, is_turned: bool) -> Vec<u8> {
        let movie = [
            movie_head(is_long, 600, 7_500),
            // Sound has no size.
            track(is_long, false, 0, 0),
            track(is_long, is_turned, 1920, 1080),
        ];
        let parts = [
            part(b"ftyp", b"isom\0\0\0\0"),
            part(b"mdat", &[9; 1000]),
            part(b"moov", &movie.concat()),
        ];
        parts.concat()
    }

    #[test]
    fn size_and_length_are_found() {
        for is_long in [false, true] {
            for (is_turned, width, height) in [(false, 1920, 1080), (true, 1080, 1920)] {
                let file = video(is_long, is_turned);
                let expected = Found {
                    width,
                    height,
                    duration_ms: 12_500,
                };
                let found = find(&mut Cursor::new(file)).unwrap();
                assert_eq!(found, Some(expected), "{is_long} {is_turned}");
            }
        }
    }

    #[test]
    fn other_and_damaged_files_have_none() {
        let file = video(false, false);
        for end in 0..file.len() {
            let found = find(&mut Cursor::new(&file[..end]));
            assert!(!matches!(found, Ok(Some(_))), "{end}");
        }
        let sound = [
            part(b"ftyp", b"M4A "),
            part(
                b"moov",
                &[movie_head(false, 600, 60), track(false, false, 0, 0)].concat(),
            ),
        ];
        for other in [
            sound.concat(),
            b"RIFF1234AVI LIST and more".to_vec(),
            vec![0; 64],
        ] {
            assert_eq!(find(&mut Cursor::new(other)).unwrap(), None);
        }
    }
}
