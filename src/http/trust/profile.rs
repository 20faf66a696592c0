//! The certificate as a profile that iPhones and iPads install.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::net::Trust;

/// The profile, a property list.
pub(crate) fn of(trust: &Trust) -> String {
    let hex: String = trust.fingerprint().chars().filter(|c| *c != ':').collect();
    let certificate = STANDARD.encode(trust.certificate());
    // One server's profile takes the place of its own earlier one alone.
    let (whole, part) = (identifier(&hex[..32]), identifier(&hex[32..]));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadCertificateFileName</key><string>tincan.crt</string>
      <key>PayloadContent</key><data>{certificate}</data>
      <key>PayloadDisplayName</key><string>Tincan's own authority</string>
      <key>PayloadIdentifier</key><string>tincan.authority.{part}</string>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadUUID</key><string>{part}</string>
      <key>PayloadVersion</key><integer>1</integer>
    </dict>
  </array>
  <key>PayloadDescription</key><string>Lets this device trust a Tincan server of your network.</string>
  <key>PayloadDisplayName</key><string>Tincan</string>
  <key>PayloadIdentifier</key><string>tincan.{whole}</string>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadUUID</key><string>{whole}</string>
  <key>PayloadVersion</key><integer>1</integer>
</dict>
</plist>
"#
    )
}

/// 32 hexadecimal digits in the form of a UUID.
fn identifier(hex: &str) -> String {
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_has_the_form_of_a_uuid() {
        assert_eq!(identifier("0123456789ABCDEF0123456789ABCDEF"), "01234567-89AB-CDEF-0123-456789ABCDEF");
    }
}
