//! Sockets that listen. `::` is every address of the machine, of IPv6 and of IPv4 alike; where IPv6 is off, those of
//! IPv4.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

/// How many connections may wait in the system to be accepted.
const WAITING: i32 = 1024;

/// Listens for connections. Has to be called within the runtime.
///
/// # Errors
/// Where the address is none of this machine, or its port is another program's or not for everybody.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(Type::STREAM, Protocol::TCP, address)?;
    socket.listen(WAITING)?;
    TcpListener::from_std(socket.into())
}

/// Takes datagrams. Has to be called within the runtime.
///
/// # Errors
/// As [`listen`].
pub(crate) fn datagrams(address: SocketAddr) -> io::Result<UdpSocket> {
    UdpSocket::from_std(bound(Type::DGRAM, Protocol::UDP, address)?.into())
}

fn bound(kind: Type, protocol: Protocol, address: SocketAddr) -> io::Result<Socket> {
    match bind(kind, protocol, address) {
        Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && is_of_no_ipv6(&error) => {
            bind(kind, protocol, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port()))
        }
        bound => bound,
    }
}

fn bind(kind: Type, protocol: Protocol, address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        // Whatever the system does by itself: `::` is both.
        socket.set_only_v6(address.ip() != Ipv6Addr::UNSPECIFIED)?;
    }
    if kind == Type::STREAM {
        // A server that starts again need not wait until the connections of the last one are forgotten.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// The system has no IPv6, or has it switched off.
fn is_of_no_ipv6(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL))
}

/// An address as it is told and counted: one of IPv4 in the form of IPv6 is the one of IPv4.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// The addresses at which whoever listens there answers on its own machine, in the order in which they are tried.
pub fn on_this_machine(listens_on: IpAddr) -> Vec<IpAddr> {
    let (four, six) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
    match listens_on {
        IpAddr::V4(ip) if ip.is_unspecified() => vec![four],
        // IPv4 first, for it is there where IPv6 is off.
        IpAddr::V6(ip) if ip.is_unspecified() => vec![four, six],
        ip => vec![ip],
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn all_addresses_are_those_of_both_kinds() {
        let listener = listen((Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
        let local = listener.local_addr().unwrap();
        for ip in on_this_machine(local.ip()) {
            let client = TcpStream::connect((ip, local.port())).await.unwrap();
            let (_, remote) = listener.accept().await.unwrap();
            assert_eq!(plain(remote), client.local_addr().unwrap());
        }
    }

    #[tokio::test]
    async fn datagrams_of_both_kinds_are_answered() {
        let socket = datagrams((Ipv6Addr::UNSPECIFIED, 0).into()).unwrap();
        let local = socket.local_addr().unwrap();
        for ip in on_this_machine(local.ip()) {
            let client = UdpSocket::bind((ip, 0)).await.unwrap();
            client.send_to(b"a", (ip, local.port())).await.unwrap();
            let (_, remote) = socket.recv_from(&mut [0; 8]).await.unwrap();
            assert_eq!(plain(remote), client.local_addr().unwrap());
            socket.send_to(b"b", remote).await.unwrap();
            assert_eq!(client.recv_from(&mut [0; 8]).await.unwrap().1, (ip, local.port()).into());
        }
    }

    #[tokio::test]
    async fn a_port_that_ipv4_alone_has_is_taken() {
        let other = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await.unwrap();
        let port = other.local_addr().unwrap().port();
        let error = listen((Ipv6Addr::UNSPECIFIED, port).into()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn no_ipv6_is_told_from_other_faults() {
        assert!(is_of_no_ipv6(&Errno::AFNOSUPPORT.into()) && is_of_no_ipv6(&Errno::ADDRNOTAVAIL.into()));
        assert!(!is_of_no_ipv6(&Errno::ADDRINUSE.into()) && !is_of_no_ipv6(&Errno::ACCESS.into()));
    }
}
