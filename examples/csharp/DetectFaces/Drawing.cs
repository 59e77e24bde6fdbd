/// <summary>Draws into a picture of red, green, blue bytes.</summary>
internal static class Drawing
{
    private const int Thickness = 2;

    public static void Frame(Span<byte> rgb, int width, int height, Face face)
    {
        int left = Within(face.X1, width), right = Within(face.X2, width);
        int top = Within(face.Y1, height), bottom = Within(face.Y2, height);
        for (int y = top; y <= bottom; ++y)
        {
            for (int x = left; x <= right; ++x)
            {
                int fromEdge = Math.Min(Math.Min(x - left, right - x), Math.Min(y - top, bottom - y));
                if (fromEdge < Thickness) ((ReadOnlySpan<byte>)[0, 230, 60]).CopyTo(rgb[(((y * width) + x) * 3)..]);
            }
        }
    }

    private static int Within(float value, int size) => Math.Clamp((int)value, 0, size - 1);
}
