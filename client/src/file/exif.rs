//! The EXIF data of JPEG, PNG and WebP files: how a picture is turned when it is shown, and its
//! preview. HEIF files have the orientation in their dimensions.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use cairn_proto::limits::PREVIEW_BYTES_MAX;

/// Parts of a file that are looked at.
const PARTS_MAX: usize = 10_000;

/// Bytes of EXIF data that are looked at. The orientation stands in the first directory.
const EXIF_BYTES_MAX: u64 = 64 * 1024;

/// Entries of a directory that are looked at.
const ENTRIES_MAX: usize = 1_000;

/// The number of the orientation among the tags of EXIF.
const ORIENTATION: u16 = 0x0112;

/// The tags of a JPEG file within EXIF data: where it begins, and its length.
const PREVIEW_START: u16 = 0x0201;
const PREVIEW_BYTES: u16 = 0x0202;

/// EXIF data, which is a TIFF file.
pub(super) struct Exif(Vec<u8>);

/// Reads the EXIF data of a picture. A file that cannot be read has none.
pub(super) fn of(path: &Path) -> Option<Exif> {
    let exif = File::open(path).and_then(|file| exif_of(&mut BufReader::new(file)));
    exif.ok().flatten().map(Exif)
}

/// Finds the EXIF data of a picture.
fn exif_of(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    let head: [u8; 12] = array(file)?;
    match &head {
        [0xff, 0xd8, ..] => {
            file.seek(SeekFrom::Start(2))?;
            in_jpeg(file)
        }
        [0x89, b'P', b'N', b'G', ..] => {
            file.seek(SeekFrom::Start(8))?;
            in_png(file)
        }
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => in_webp(file),
        _ => Ok(None),
    }
}

fn in_jpeg(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    const EXIF: &[u8] = b"Exif\0\0";
    for _ in 0..PARTS_MAX {
        let [mark, kind] = array(file)?;
        // Pixels begin: what follows is not about the whole picture.
        if mark != 0xff || matches!(kind, 0xd9 | 0xda) {
            return Ok(None);
        }
        let bytes = u64::from(u16::from_be_bytes(array(file)?)).saturating_sub(2);
        if kind == 0xe1 {
            let found = part(file, bytes)?;
            if let Some(exif) = found.strip_prefix(EXIF) {
                return Ok(Some(exif.to_vec()));
            }
        } else {
            skip(file, bytes)?;
        }
    }
    Ok(None)
}

fn in_png(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    for _ in 0..PARTS_MAX {
        let bytes = u64::from(u32::from_be_bytes(array(file)?));
        match &array::<4>(file)? {
            b"eXIf" => return part(file, bytes).map(Some),
            b"IEND" => return Ok(None),
            // A checksum follows.
            _ => skip(file, bytes + 4)?,
        }
    }
    Ok(None)
}

fn in_webp(file: &mut (impl Read + Seek)) -> io::Result<Option<Vec<u8>>> {
    for _ in 0..PARTS_MAX {
        let kind: [u8; 4] = array(file)?;
        let bytes = u64::from(u32::from_le_bytes(array(file)?));
        if &kind == b"EXIF" {
            let exif = part(file, bytes)?;
            // Some programs add the mark of JPEG.
            let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(&exif);
            return Ok(Some(exif.to_vec()));
        }
        skip(file, bytes + bytes % 2)?;
    }
    Ok(None)
}

fn array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn part(file: &mut impl Read, bytes: u64) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    file.take(bytes.min(EXIF_BYTES_MAX))
        .read_to_end(&mut found)?;
    Ok(found)
}

fn skip(file: &mut impl Seek, bytes: u64) -> io::Result<()> {
    file.seek_relative(i64::try_from(bytes).map_err(io::Error::other)?)
}

impl Exif {
    /// Returns whether the picture is shown with its width and height exchanged.
    pub(super) fn is_turned(&self) -> bool {
        let orientation = self.orientation();
        orientation.is_some_and(|orientation| (5..=8).contains(&orientation))
    }

    /// Returns the small picture for previews, which a camera adds. None for a turned or mirrored
    /// picture: nothing in the small one says so.
    pub(super) fn preview(&self) -> Option<&[u8]> {
        if self
            .orientation()
            .is_some_and(|orientation| orientation != 1)
        {
            return None;
        }
        // In the second directory, whose place follows the entries of the first.
        let first = self.first_directory()?;
        let count = usize::from(self.u16_at(first)?).min(ENTRIES_MAX);
        let second = self.offset_at(first + 2 + 12 * count)?;
        let start = self.offset_at(self.entry(second, PREVIEW_START)? + 8)?;
        let bytes = self.offset_at(self.entry(second, PREVIEW_BYTES)? + 8)?;
        let preview = self.0.get(start..start.checked_add(bytes)?)?;
        let is_usable = bytes <= PREVIEW_BYTES_MAX && imagesize::blob_size(preview).is_ok();
        is_usable.then_some(preview)
    }

    fn orientation(&self) -> Option<u16> {
        let entry = self.entry(self.first_directory()?, ORIENTATION)?;
        self.u16_at(entry + 8)
    }

    fn first_directory(&self) -> Option<usize> {
        self.offset_at(4)
    }

    /// The place of an entry in a directory.
    fn entry(&self, directory: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.u16_at(directory)?).min(ENTRIES_MAX);
        let mut entries = (0..count).map(|number| directory + 2 + number * 12);
        entries.find(|&entry| self.u16_at(entry) == Some(tag))
    }

    fn is_big_endian(&self) -> Option<bool> {
        match self.0.get(..4)? {
            b"MM\0*" => Some(true),
            b"II*\0" => Some(false),
            _ => None,
        }
    }

    fn u16_at(&self, at: usize) -> Option<u16> {
        let bytes = self.0.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(match self.is_big_endian()? {
            true => u16::from_be_bytes(bytes),
            false => u16::from_le_bytes(bytes),
        })
    }

    fn offset_at(&self, at: usize) -> Option<usize> {
        let bytes = self.0.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let offset = match self.is_big_endian()? {
            true => u32::from_be_bytes(bytes),
            false => u32::from_le_bytes(bytes),
        };
        // No directory is beyond the data; sums of such places do not overflow.
        usize::try_from(offset)
            .ok()
            .filter(|at| *at <= self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// EXIF data with an orientation, after another entry.
    fn exif(is_big_endian: bool, orientation: u16) -> Vec<u8> {
        let mut exif = if is_big_endian {
            b"MM\0*\0\0\0\x08".to_vec()
        } else {
            b"II*\0\x08\0\0\0".to_vec()
        };
        let mut add = |numbers: &[u16]| {
            for number in numbers {
                exif.extend(if is_big_endian {
                    number.to_be_bytes()
                } else {
                    number.to_le_bytes()
                });
            }
        };
        let one = if is_big_endian { [0, 1] } else { [1, 0] };
        add(&[2, 0x010f, 3, one[0], one[1], 7, 0]);
        add(&[ORIENTATION, 3, one[0], one[1], orientation, 0]);
        exif
    }

    fn part_of_jpeg(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u16 + 2).to_be_bytes();
        [&[0xff, kind], &length[..], bytes].concat()
    }

    fn part_of_png(kind: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u32).to_be_bytes();
        [&length[..], kind, bytes, &[0; 4]].concat()
    }

    fn part_of_webp(kind: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u32).to_le_bytes();
        let padding = vec![0; bytes.len() % 2];
        [kind, &length[..], bytes, &padding].concat()
    }

    fn turned(file: &[u8]) -> bool {
        let exif = exif_of(&mut Cursor::new(file)).ok().flatten().map(Exif);
        if let Some(exif) = &exif {
            exif.preview();
        }
        exif.is_some_and(|exif| exif.is_turned())
    }

    #[test]
    fn orientations_are_found_in_every_format() {
        for (orientation, expected) in [(1, false), (3, false), (5, true), (6, true), (8, true)] {
            for is_big_endian in [false, true] {
                let exif = exif(is_big_endian, orientation);
                let marked = [b"Exif\0\0", &exif[..]].concat();
                let jpeg = [
                    b"\xff\xd8".to_vec(),
                    part_of_jpeg(0xe0, b"JFIF\0 and more"),
                    part_of_jpeg(0xe1, b"http://ns.adobe.com/xap/1.0/\0"),
                    part_of_jpeg(0xe1, &marked),
                ];
                let png = [
                    b"\x89PNG\r\n\x1a\n".to_vec(),
                    part_of_png(b"IHDR", &[0; 13]),
                    part_of_png(b"IDAT", &[9; 99]),
                    part_of_png(b"eXIf", &exif),
                ];
                let webp = |exif| {
                    [
                        b"RIFF\0\0\0\0WEBP".to_vec(),
                        part_of_webp(b"VP8X", &[0; 9]),
                        part_of_webp(b"EXIF", exif),
                    ]
                };
                for file in [&jpeg[..], &png, &webp(&exif), &webp(&marked)] {
                    assert_eq!(turned(&file.concat()), expected, "{orientation}");
                }
            }
        }
    }

    #[test]
    fn damaged_files_are_not_turned() {
        let jpeg = [
            b"\xff\xd8".to_vec(),
            part_of_jpeg(0xe1, &[b"Exif\0\0", &exif(true, 6)[..]].concat()),
        ]
        .concat();
        assert!(turned(&jpeg));
        for end in 0..jpeg.len() {
            turned(&jpeg[..end]);
        }
        let far = [b"II*\0", &u32::MAX.to_le_bytes()[..]].concat();
        assert!(!Exif(far).is_turned() && !Exif(Vec::new()).is_turned());
        assert!(!turned(b"GIF89a and more"));
    }

    /// The head of a JPEG file of this size.
    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let [[a, b], [c, d]] = [height, width].map(u16::to_be_bytes);
        let frame = [8, a, b, c, d, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1];
        [b"\xff\xd8".to_vec(), part_of_jpeg(0xc0, &frame)].concat()
    }

    /// EXIF data with an orientation and a small picture.
    fn with_preview(orientation: u16, preview: &[u8]) -> Vec<u8> {
        let mut exif = exif(false, orientation);
        let second = exif.len() as u32 + 4;
        exif.extend(second.to_le_bytes());
        let start = second + 2 + 2 * 12 + 4;
        exif.extend(2_u16.to_le_bytes());
        for (tag, value) in [
            (PREVIEW_START, start),
            (PREVIEW_BYTES, preview.len() as u32),
        ] {
            exif.extend([tag, 4].map(u16::to_le_bytes).concat());
            exif.extend([1, value].map(u32::to_le_bytes).concat());
        }
        exif.extend([0; 4]);
        exif.extend(preview);
        exif
    }

    #[test]
    fn previews_of_cameras_are_found() {
        let small = jpeg(160, 120);
        let preview = |exif: Vec<u8>| Exif(exif).preview().map(<[u8]>::to_vec);
        assert_eq!(preview(with_preview(1, &small)), Some(small.clone()));
        assert_eq!(preview(with_preview(6, &small)), None, "it is turned");
        assert_eq!(preview(with_preview(1, b"not a picture")), None);
        let long = [&small[..], &[0; PREVIEW_BYTES_MAX]].concat();
        assert_eq!(preview(with_preview(1, &long)), None);
        let whole = with_preview(1, &small);
        for end in 0..whole.len() {
            assert_eq!(preview(whole[..end].to_vec()), None);
        }
    }
}
