# The image of Tallystick, from Debian's packages only: the program, its libraries and the trusted authorities on nothing.
# It runs as 65532 and writes below /var/lib/tally alone, so the root file system may be read-only.
#
#   docker build -t tallystick/tally .          or: buildah build -t tallystick/tally .
FROM debian:12 AS build
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libpq5
COPY . /source
WORKDIR /source
RUN tools/setup build \
    && cmake --preset release \
    && cmake --build --preset release --target tally \
    && deploy/image/collect build/release/tally /image

FROM scratch
COPY --from=build /image /
ENV PATH=/usr/bin
USER 65532:65532
EXPOSE 8443 8080
VOLUME /var/lib/tally
ENTRYPOINT ["/usr/bin/tally"]
CMD ["--help"]
