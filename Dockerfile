# Tincan in a container: docker build --tag tincan . && docker run --publish 5000:5000 --publish 3478:3478
# --publish 3478:3478/udp --volume tincan:/data tincan
FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ libclang-dev binutils \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# RocksDB is compiled here, which takes some ten minutes on two cores.
RUN cargo build --release --locked --bin tincan \
    && strip --strip-all -o /tincan target/release/tincan \
    && mkdir --mode 0700 /data

FROM debian:bookworm-slim
COPY --from=build /tincan /usr/local/bin/tincan
COPY --from=build /source/LICENSE /usr/share/doc/tincan/LICENSE
# Nobody in particular, who owns nothing but the data.
COPY --from=build --chown=10001:10001 /data /data
USER 10001:10001
WORKDIR /data
ENV DATA_DIR=/data NODE_ENV=production
VOLUME /data
EXPOSE 5000 3478 3478/udp
# Asks the server of the container's own variables; longer than that finds out that its store does not answer.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["tincan", "healthcheck"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tincan"]
