using Octet.Interop;

namespace Octet;

/// <summary>Type of the values of a tensor.</summary>
public enum DataType
{
    /// <summary>32-bit floating point.</summary>
    Float32 = 0,

    /// <summary>Signed bytes; real = scale * (q - zero point).</summary>
    Int8 = 1,
}

/// <summary>A model in numbers.</summary>
public sealed record ModelInfo
{
    /// <summary>The name that the source file has for it; may be empty.</summary>
    public required string Name { get; init; }

    /// <summary>What it was loaded from: "onnx", "mnn", "octet".</summary>
    public required string SourceFormat { get; init; }

    /// <summary>Inputs of the network.</summary>
    public int InputCount { get; init; }

    /// <summary>Outputs of the network.</summary>
    public int OutputCount { get; init; }

    /// <summary>Layers of the network.</summary>
    public int LayerCount { get; init; }

    /// <summary>Layers in int8; 0 for a float model.</summary>
    public int Int8LayerCount { get; init; }

    /// <summary>Multiply-accumulates of one run.</summary>
    public long Macs { get; init; }

    /// <summary>Multiply-accumulates of one run in int8.</summary>
    public long Int8Macs { get; init; }

    /// <summary>Constants as stored, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>Size of what it was loaded from; 0 for a model that quantizing made.</summary>
    public long FileBytes { get; init; }
}

/// <summary>An input, an output or the result of a layer.</summary>
public sealed record TensorInfo
{
    /// <summary>The name in the network.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Type inside the network; every input and output can be given and taken as float32 all the same.
    /// </summary>
    public DataType DataType { get; init; }

    /// <summary>Length of each dimension, in the order of the source file (ONNX: N, C, H, W).</summary>
    public required IReadOnlyList<long> Dimensions { get; init; }

    /// <summary>Product of the dimensions.</summary>
    public long ElementCount { get; init; }

    /// <summary>Of real = scale * (q - zero point); 0: not quantized.</summary>
    public float Scale { get; init; }

    /// <summary>Of real = scale * (q - zero point).</summary>
    public int ZeroPoint { get; init; }

    internal static unsafe TensorInfo From(in q_tensor_info info)
    {
        long[] dimensions = new long[Math.Clamp(info.rank, 0, 8)];
        for (int i = 0; i < dimensions.Length; ++i) dimensions[i] = info.dims[i];
        return new TensorInfo
        {
            Name = info.name.ToString(),
            DataType = (DataType)info.dtype,
            Dimensions = dimensions,
            ElementCount = info.element_count,
            Scale = info.scale,
            ZeroPoint = info.zero_point,
        };
    }
}

/// <summary>A layer of a model.</summary>
public sealed record LayerInfo
{
    /// <summary>The name in the network.</summary>
    public required string Name { get; init; }

    /// <summary>The operator: "conv", "depthwise conv", "add", ...</summary>
    public required string Operator { get; init; }

    /// <summary>Whether it computes in int8.</summary>
    public bool IsInt8 { get; init; }

    /// <summary>Multiply-accumulates of one run.</summary>
    public long Macs { get; init; }

    /// <summary>Its constants as stored, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>The first output.</summary>
    public required TensorInfo Output { get; init; }
}
