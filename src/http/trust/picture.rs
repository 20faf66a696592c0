//! A QR code as a picture in a page.

use qrcode::{Color, QrCode};

/// The picture; `None` where the text is too long for one.
pub(crate) fn of(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let path: String = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width, at / width)).collect();
    // Readers want a margin of four.
    let whole = width + 8;
    Some(format!(
        "<svg viewBox=\"-4 -4 {whole} {whole}\" role=\"img\" aria-label=\"QR code of {text}\" \
         shape-rendering=\"crispEdges\"><path d=\"M-4 -4h{whole}v{whole}h-{whole}z\" fill=\"#fff\"/><path \
         d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_three_corners_and_too_long_a_text_has_none() {
        let picture = of("http://192.168.0.5:5000/trust").unwrap();
        // The upper edges of two corners: seven dark modules each, from the left and up to the right end.
        assert!((0..7).all(|at| picture.contains(&format!("M{at} 0h1v1h-1z"))));
        assert!(!picture.contains("M7 0h1v1h-1z"));
        assert_eq!(of(&"x".repeat(5000)), None);
    }
}
