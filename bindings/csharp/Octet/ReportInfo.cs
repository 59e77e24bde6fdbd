namespace Octet;

/// <summary>A quantization or a comparison in numbers.</summary>
public sealed record ReportInfo
{
    /// <summary>Samples that the calibration used; 0 in a comparison.</summary>
    public long CalibrationSamples { get; init; }

    /// <summary>Samples on which the errors were measured.</summary>
    public long MeasuredSamples { get; init; }

    /// <summary>Whether the measured samples were not used for calibration.</summary>
    public bool HeldOut { get; init; }

    /// <summary>Unreadable files, each named in a warning.</summary>
    public long SkippedFiles { get; init; }

    /// <summary>Share of the samples with the same largest output; null: not a classifier.</summary>
    public double? Agreement { get; init; }

    /// <summary>Samples with a label.</summary>
    public long LabelledSamples { get; init; }

    /// <summary>Share of the labelled samples that the float model has right; null without labels.</summary>
    public double? FloatTop1 { get; init; }

    /// <summary>Share of the labelled samples that the int8 model has right; null without labels.</summary>
    public double? Int8Top1 { get; init; }

    /// <summary>
    /// Share of the labelled samples whose class is among the float model's five best; null without labels.
    /// </summary>
    public double? FloatTop5 { get; init; }

    /// <summary>
    /// Share of the labelled samples whose class is among the int8 model's five best; null without labels.
    /// </summary>
    public double? Int8Top5 { get; init; }

    /// <summary>Constants of the float model, in bytes.</summary>
    public long FloatWeightBytes { get; init; }

    /// <summary>Constants of the int8 model, in bytes.</summary>
    public long Int8WeightBytes { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>
    /// One run of the network with all layers in int8; null unless <see cref="QuantizeOptions.FloatWhereFaster"/> kept
    /// some in float.
    /// </summary>
    public TimeSpan? Int8Time { get; init; }

    /// <summary>One run with the layers kept in float; null likewise.</summary>
    public TimeSpan? MixedTime { get; init; }
}

/// <summary>How far an output of the two models differs.</summary>
/// <param name="Name">The output.</param>
/// <param name="Cosine">Cosine of the angle between both, least over the samples.</param>
/// <param name="MeanCosine">The same, mean over the samples.</param>
/// <param name="SqnrDb">Signal-to-quantization-noise ratio over all samples.</param>
/// <param name="MaxAbsError">The largest difference.</param>
public sealed record OutputError(string Name, double Cosine, double MeanCosine, double SqnrDb, double MaxAbsError);

/// <summary>How far the output of a layer differs, over all measured samples.</summary>
public sealed record LayerError
{
    /// <summary>The layer.</summary>
    public required string Name { get; init; }

    /// <summary>The operator.</summary>
    public required string Operator { get; init; }

    /// <summary>How the range of its output was chosen.</summary>
    public required string Method { get; init; }

    /// <summary>Whether it computes in int8.</summary>
    public bool IsInt8 { get; init; }

    /// <summary>Cosine of the angle between both outputs.</summary>
    public double Cosine { get; init; }

    /// <summary>Signal-to-quantization-noise ratio.</summary>
    public double SqnrDb { get; init; }

    /// <summary>The largest difference.</summary>
    public double MaxAbsError { get; init; }

    /// <summary>Share of the output's values that lie outside the range.</summary>
    public double ClippedShare { get; init; }

    /// <summary>The range's lower end; 0 for a float layer.</summary>
    public float Low { get; init; }

    /// <summary>The range's upper end; 0 for a float layer.</summary>
    public float High { get; init; }
}

/// <summary>A layer that <see cref="QuantizeOptions.FloatWhereFaster"/> kept in float.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Operator">The operator.</param>
/// <param name="FloatTime">Of the layer alone, without the change of types at its borders.</param>
/// <param name="Int8Time">Likewise.</param>
public sealed record KeptFloatLayer(string Name, string Operator, TimeSpan FloatTime, TimeSpan Int8Time);
