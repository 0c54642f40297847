//! Decodes previews, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits, imageops::FilterType};

/// Pixels of each side that are kept.
pub(crate) const PIXELS_MAX: u32 = 72;

/// Pixels of each side of what is decoded. Previews are far smaller.
const SIDE_MAX: u32 = 1024;

/// Memory of a decoder.
const MEMORY_MAX: u64 = 16 * 1024 * 1024;

/// A small picture without transparency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Row by row.
    pub(crate) rgb: Vec<[u8; 3]>,
}

/// Decodes a preview onto a background; `None` if it cannot be shown.
pub(crate) fn decode(bytes: &[u8], background: [u8; 3]) -> Option<Pixels> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut image = reader.decode().ok()?;
    if image.width() > PIXELS_MAX || image.height() > PIXELS_MAX {
        image = image.resize(PIXELS_MAX, PIXELS_MAX, FilterType::Triangle);
    }
    Some(flattened(&image, background))
}

fn flattened(image: &DynamicImage, background: [u8; 3]) -> Pixels {
    let image = image.to_rgba8();
    let over = |pixel: &image::Rgba<u8>| {
        let [r, g, b, alpha] = pixel.0.map(u32::from);
        let mix = |value: u32, below: u8| {
            let mixed = (value * alpha + u32::from(below) * (255 - alpha)) / 255;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        [
            mix(r, background[0]),
            mix(g, background[1]),
            mix(b, background[2]),
        ]
    };
    Pixels {
        width: usize::try_from(image.width()).unwrap_or(0),
        height: usize::try_from(image.height()).unwrap_or(0),
        rgb: image.pixels().map(over).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    fn encoded(image: RgbaImage, format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let image = DynamicImage::from(image);
        match format {
            ImageFormat::Jpeg => DynamicImage::from(image.to_rgb8()).write_to(&mut out, format),
            _ => image.write_to(&mut out, format),
        }
        .unwrap();
        out.into_inner()
    }

    #[test]
    fn pictures_are_scaled_and_flattened() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let image = RgbaImage::from_pixel(200, 100, Rgba([255, 0, 0, 255]));
            let pixels = decode(&encoded(image, format), [0, 0, 0]).unwrap();
            assert_eq!((pixels.width, pixels.height), (72, 36));
            assert_eq!(pixels.rgb.len(), 72 * 36);
            let [r, g, b] = pixels.rgb[40];
            assert!(r > 250 && g < 5 && b < 5, "{format:?} {r} {g} {b}");
        }
    }

    #[test]
    fn transparency_shows_the_background() {
        let image = RgbaImage::from_pixel(4, 4, Rgba([200, 100, 0, 0]));
        let png = encoded(image, ImageFormat::Png);
        assert_eq!(decode(&png, [10, 20, 30]).unwrap().rgb[0], [10, 20, 30]);
    }

    #[test]
    fn bombs_and_rubbish_are_refused() {
        // A few kilobytes that would be gigabytes of pixels.
        let mut png = encoded(RgbaImage::new(1, 1), ImageFormat::Png);
        png[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        assert_eq!(decode(&png, [0; 3]), None);
        let image = RgbaImage::from_pixel(1200, 8, Rgba([1, 2, 3, 255]));
        assert_eq!(decode(&encoded(image, ImageFormat::Png), [0; 3]), None);
        for bytes in [
            &b""[..],
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"GIF89a",
            b"text",
        ] {
            assert_eq!(decode(bytes, [0; 3]), None);
        }
    }

    #[test]
    fn cut_and_flipped_bytes_never_panic() {
        let image = RgbaImage::from_fn(20, 20, |x, y| {
            let value = u8::try_from((x * 13 + y * 7) % 256).unwrap();
            Rgba([value, 255 - value, value / 2, 255])
        });
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = encoded(image.clone(), format);
            for at in 0..whole.len() {
                let _ = decode(&whole[..at], [0; 3]);
                let mut flipped = whole.clone();
                flipped[at] ^= 0x55;
                let _ = decode(&flipped, [0; 3]);
            }
        }
    }
}
